//! Canaries in the files of a project.

use super::canaries::Canaries;
use super::support::folder;

const COMPOSE: &str = r#"# remember: the password is %%
name: planted
x-common: &common
  environment:
    X_PASSWORD: %%
    X_NOTE: %%
x-note: %%
include:
  - sub/included.yaml
services:
  a:
    <<: *common
    image: a:1
    extends: {file: sub/base.yaml, service: base}
    env_file: [app.env]
    environment:
      DB_PASSWORD: %%   # was: %%
      PLAIN_NAME: %%
      TOKEN: "%%"
      PASSWORDLESS_HINT: %%
      TOKENIZER: %%
      MONKEY: %%
      KEY_ID: %%
      PUBLIC_KEY: %%
      TOKEN_LIFETIME: %%
      LOG_LEVEL: %%
      DEBUG: %%
      TZ: %%
      PORT: %%
      PATH: /usr/bin:/opt/%%
      PASSWORD_FILE: %%
      HTTPS_VERIFY: %%
      DATABASE_URL: postgres://user:%%@db/x
      CACHE: redis://:%%@cache:6379/0
      GIT: https://%%@github.com/x/y
      SIGNED: https://h.example/x?sig=%%&token=%%#%%
      SLACK: https://hooks.slack.com/services/T000/B000/%%
      JSON: '{"RegisteredUsers": {"orthanc": "%%"}, "Nested": {"Password": "%%", "Deep": ["%%"]}}'
      BROKEN_JSON: '{"Password": "%%'
      CONNECTION: "Server=db;User Id=sa;Password=%%;Encrypt=yes;Note=%%"
      HEADER: "Authorization: Bearer %%"
      HEADER2: "X-Api-Key: %%"
      BASIC: "Basic %%=="
      FALLBACK: ${UNSET_VAR:-%%}
      FALLBACK2: ${UNSET_VAR-%%}
      INSIDE: pre${UNSET_PW:-%%}post%%
      NESTED: ${UNSET_A:-${UNSET_B:-%%}}
      REQUIRED: ${UNSET_REQUIRED:?set it to %%}
      ALTERNATIVE: ${DOTENV_SECRET:+%%}
      RESOLVED: ${DOTENV_SECRET}
      DOLLAR: a$$%%
      ACCIDENT: pa$%%
      OPTIONS: --user admin --password %% --note=%%
      PEM: |
        -----BEGIN PRIVATE KEY-----
        %%
        -----END PRIVATE KEY-----
      MULTI: |
        first
        %%
      ? %%
      : x
    command: ["serve", "--password", "%%", "--api-key=%%", "%%", "-e", "PW=%%", "--secret", "--token:%%"]
    entrypoint: sh -c "export PGPASSWORD=%% && exec serve %% --auth '%%' <<< %%"
    healthcheck:
      test: ["CMD-SHELL", "curl -u orthanc:%% -H 'Authorization: Basic %%' -H 'X-Api-Key: %%' http://u:%%@localhost/?k=%% || mysql -p%%"]
    labels:
      com.example.token: %%
      com.example.note: %%
      traefik.http.middlewares.a.basicauth.users: "admin:%%"
    annotations: {note: %%}
    build:
      context: .
      args:
        PIP_PASSWORD: %%
        PIP_INDEX: https://bot:%%@pypi.example/simple
        NOTE: %%
      labels: {token: %%}
      secrets: [inline]
      ssh: ["default=%%"]
    logging:
      driver: splunk
      options: {splunk-token: %%, splunk-url: "https://u:%%@splunk.example", tag: %%}
    volumes:
      - ./app.env:/run/app.env
    secrets: [inline]
    configs: [conf]
    sysctls: {net.core.somaxconn: %%}
    storage_opt: {size: %%}
    credential_spec: {config: %%}
    x-private: {password: %%, note: %%}
    post_start: [{command: ["sh", "-c", "login --password %%"]}]
    develop: {watch: [{action: sync, path: ., target: /x, ignore: ["%%"]}]}
    deploy: {labels: {token: %%}, placement: {constraints: ["node.labels.key==%%"]}}
  b:
    build:
      context: https://bot:%%@git.example/x.git
      dockerfile_inline: |
        FROM x:1
        ENV PASSWORD=%%
        RUN echo %%
    environment:
      - LIST_PASSWORD=%%
      - LIST_NOTE=%%
      - %%
      - "PASSWORD:%%"
      - "A: %%"
    command: mysql -uroot -p%% --password=%% -e "SELECT '%%'"
    healthcheck: {test: "redis-cli -a %% ping"}
    labels: ["db.password=%%", "note=%%", "%%"]
    user: "0"
  d:
    <<: *common
    image: d:1
  hidden:
    image: x:1
    profiles: [off]
    environment: {OFF_PASSWORD: %%, OFF_NOTE: %%}
    command: login --password %%
secrets:
  inline: {content: "%%"}
  from_file: {file: ./secret.txt}
configs:
  conf: {content: "password: %%\nnote: %%\n"}
volumes:
  share:
    driver_opts: {type: cifs, o: "username=u,password=%%", device: "//nas/share"}
    labels: {token: %%}
networks:
  back:
    driver_opts: {com.example.token: %%}
    labels: {note: %%}
"#;

const OVERRIDE: &str = "services:\n  a:\n    environment:\n      OVERRIDE_PASSWORD: %%\n      OVERRIDE_NOTE: %%\n    command: !override [serve, --token, %%]\n";
const BASE: &str =
    "services:\n  base:\n    environment:\n      BASE_PASSWORD: %%\n      BASE_NOTE: %%\n    labels: {token: %%}\n";
const INCLUDED: &str =
    "services:\n  included:\n    image: x:1\n    environment: [\"INC_TOKEN=%%\", \"INC_NOTE=%%\"]\n    command: login -p %%\n";
const DOTENV: &str = "DOTENV_SECRET=%%\nOTHER=%%\nbroken line %%\n# %%\nQUOTED=\"%%\"\nOPEN='%%\n%%'\nexport EXPORTED=%%\n";
const APP_ENV: &str = "APP_PASSWORD=%%\nAPP_NOTE=%%\nexport EXP_TOKEN=%%\nPEM=-----BEGIN PRIVATE KEY-----\n%%\n%%==\n-----END PRIVATE KEY-----\nodd %% = x\n=%%\n";

#[test]
fn nothing_of_a_compose_project_leaves() {
    let mut canaries = Canaries::new(7);
    let files = [
        ("compose.yaml", COMPOSE),
        ("compose.override.yaml", OVERRIDE),
        ("sub/base.yaml", BASE),
        ("sub/included.yaml", INCLUDED),
        (".env", DOTENV),
        ("app.env", APP_ENV),
        ("secret.txt", "%%"),
        ("Dockerfile", "FROM x:1\nARG TOKEN=%%\nENV PASSWORD=%%\nRUN curl -u a:%% https://x/\n"),
        ("orthanc.json", "{\"RegisteredUsers\": {\"orthanc\": \"%%\"}}"),
    ];
    let planted: Vec<(&str, String)> = files.iter().map(|(name, text)| (*name, canaries.plant(text))).collect();
    let stack = folder(&planted.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>());
    assert!(canaries.len() >= 100, "{}", canaries.len());
    let found = canaries.hunt(stack.path(), &["."]);
    assert!(found.is_empty(), "{} secrets leave: {found:#?}", found.len());
    let snapshot = std::fs::read_to_string(stack.path().join("snapshot.json")).unwrap();
    for seen in
        ["DB_PASSWORD", "BASE_PASSWORD", "INC_TOKEN", "OVERRIDE_PASSWORD", "APP_PASSWORD", "LIST_PASSWORD", "OFF_PASSWORD"]
    {
        assert!(snapshot.contains(seen), "{seen} was not even read, so this test proves nothing about it");
    }
}
