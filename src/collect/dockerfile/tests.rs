//! Facts of Dockerfiles from small folders on disk, and texts that are none.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::facts::{List, Record, State};

/// The facts of the file `Dockerfile` in a folder with these files, built with the folder.
fn facts_with(files: &[(&str, &str)], given: &Given) -> Record {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = folder.path().join("Dockerfile");
    let reading = Reading::new(read(&path), &path, "Dockerfile", Ok(folder.path().to_path_buf()), given);
    reading.document("Dockerfile", "x", &mut Groups::default()).facts
}

fn facts(text: &str) -> Record {
    facts_with(&[("Dockerfile", text)], &Given::default())
}

fn labels(facts: &Record, path: &str) -> Vec<String> {
    let list = facts.list(path).unwrap_or_else(|| panic!("{path}: {:?}", facts.get(path)));
    list.records().map(|record| record.text("label").or(record.text("reference")).unwrap_or("?").to_owned()).collect()
}

fn user(text: &str) -> String {
    let facts = facts(text);
    let fact = facts.get("user.spec");
    match &fact.state {
        State::Known(_) => fact.text().unwrap().to_owned(),
        State::Absent => "none".into(),
        State::Unknown(why) => format!("unknown: {}", why.reason),
    }
}

fn secrets(text: &str) -> Vec<String> {
    labels(&facts(text), "secrets")
}

#[test]
fn the_user_of_the_final_stage() {
    for (text, expected) in [
        ("FROM a\nUSER app", "app"),
        ("FROM a\nUSER app\nUSER root", "root"),
        ("FROM a", "none"),
        ("FROM a AS b\nUSER app\nFROM b\nRUN x", "app"),
        ("FROM a AS b\nUSER app\nFROM c", "none"),
        ("FROM a AS B\nUSER 5\nFROM b", "5"),
        ("FROM a\nARG U=1000\nUSER $U", "1000"),
        ("FROM a\nARG U\nUSER $U", "unknown: unknown_fact"),
        ("FROM a\nUSER ${U:-9}", "unknown: image_not_seen"),
        ("FROM scratch\nUSER ${U:-9}", "9"),
        ("FROM a\nARG U\nUSER ${U:-9}", "9"),
        ("ARG U\nFROM a\nARG U\nUSER ${U:-9}", "9"),
        ("ARG U\nFROM a\nARG U\nUSER $U", "unknown: unknown_fact"),
        ("FROM a\nENV U=7\nARG U=8\nUSER ${U}", "7"),
        ("ARG U=3\nFROM a\nARG U\nUSER $U", "3"),
        ("ARG U=3\nFROM scratch\nUSER x$U", "x"),
        ("# escape=`\nFROM a\nRUN x `\n  y\nUSER app", "app"),
        ("FROM a\nRUN x \\\n# a comment\n\n  && y\nUSER app", "app"),
        ("FROM a\nRUN <<EOF\nUSER fake\nEOF\nUSER real", "real"),
        ("FROM a\nCOPY <<'EOF' /x\nUSER fake\nEOF\nUSER real", "real"),
        ("FROM a\nONBUILD USER later", "none"),
        ("FROM a AS b\nONBUILD USER now\nFROM b", "now"),
        ("\u{feff}FROM a\r\nUSER app\r\n", "app"),
        ("from a\nuser app", "app"),
        ("FROM a\nUSER app\n\n\n# end", "app"),
        ("FROM a AS x\nUSER one\nFROM c AS x\nUSER two\nFROM x", "two"),
    ] {
        assert_eq!(user(text), expected, "{text}");
    }
}

#[test]
fn the_stage_that_is_asked_for_and_arguments_that_are_given() {
    let text = "ARG V=1\nFROM py:$V AS dev\nUSER root\nFROM py:$V AS prod\nUSER app";
    let given = |target: &str| Given {
        target: Some(Ok(target.into())),
        args: BTreeMap::from([("V".to_owned(), Ok("9".to_owned()))]),
        ..Given::default()
    };
    let of = |given: &Given| facts_with(&[("Dockerfile", text)], given);
    assert_eq!(of(&given("DEV")).text("user.spec"), Some("root"));
    assert_eq!(of(&given("1")).text("user.spec"), Some("app"));
    assert_eq!(of(&given("prod")).text("base"), Some("py:9"));
    assert_eq!(of(&Given::default()).text("base"), Some("py:1"));
    assert!(matches!(of(&given("none")).get("user.spec").state, State::Unknown(_)));
    assert_eq!(labels(&of(&given("none")), "bases"), ["py:9", "py:9"]);
}

#[test]
fn bases_from_elsewhere() {
    let facts = facts("ARG T\nFROM scratch AS a\nFROM node:18 AS b\nFROM b\nFROM x:$T\nFROM --platform=$BUILDPLATFORM y:1");
    assert_eq!(labels(&facts, "bases"), ["node:18", "?", "y:1"]);
    assert_eq!(facts.text("base"), Some("y:1"));
}

#[test]
fn health_checks() {
    for (text, defined) in [
        ("FROM a\nHEALTHCHECK CMD curl -f http://localhost/", true),
        ("FROM a\nHEALTHCHECK --interval=5s CMD [\"x\"]", true),
        ("FROM a\nHEALTHCHECK NONE", false),
        ("FROM a\nHEALTHCHECK CMD x\nHEALTHCHECK NONE", false),
        ("FROM a", false),
        ("FROM a AS b\nHEALTHCHECK CMD x\nFROM b", true),
        ("FROM a AS b\nHEALTHCHECK CMD x\nFROM c", false),
    ] {
        assert_eq!(facts(text).bool("health.defined"), Some(defined), "{text}");
    }
}

#[test]
fn secrets_in_arguments_and_variables() {
    for (text, expected) in [
        ("FROM a\nARG PIP_TOKEN=9f8e7d6c5b4a3928\nRUN x", vec!["ARG PIP_TOKEN (line 2)"]),
        ("FROM a\nARG DB_PASSWORD\nRUN echo $DB_PASSWORD", vec!["ARG DB_PASSWORD (line 2)"]),
        ("FROM a\nARG DB_PASSWORD\nENV P=${DB_PASSWORD}", vec!["ARG DB_PASSWORD (line 2)"]),
        ("FROM a\nARG DB_PASSWORD", vec![]),
        ("FROM a AS b\nARG NPM_TOKEN\nRUN x\nFROM c", vec![]),
        ("FROM a\nENV DB_PASSWORD=hunter2-and-more", vec!["ENV DB_PASSWORD (line 2)"]),
        ("FROM a\nENV DB_PASSWORD hunter2-and-more", vec!["ENV DB_PASSWORD (line 2)"]),
        ("FROM a\nENV A=1 \\\n  # why\n  DB_PASSWORD=\"hunter2 and more\"", vec!["ENV DB_PASSWORD (line 2)"]),
        ("FROM a AS b\nENV S_TOKEN=abcdefgh1234\nFROM b", vec!["ENV S_TOKEN (line 2)"]),
        ("FROM a\nENV DB_PASSWORD= DB_PASSWORD_FILE=/run/secrets/db", vec![]),
        ("FROM a\nENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D PATH=/usr/bin", vec![]),
        ("FROM a\nENV NGINX_SHA256=0123456789abcdef0123456789abcdef", vec![]),
        ("FROM a\nARG PYTHON_VERSION=3.12\nENV TOKEN_LIFETIME=5", vec![]),
        ("FROM a\nENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=512", vec![]),
        ("FROM a\nRUN pip install tokenizers==0.15.0 secretstorage==3.3", vec![]),
        ("FROM a\nARG NEXT_PUBLIC_API_KEY\nRUN npm run build", vec![]),
        ("FROM a\nRUN echo 'root:Sup3rS3cret9' | chpasswd", vec!["a password for chpasswd in RUN (line 2)"]),
        ("FROM a\nRUN echo \"app:$PASS\" | chpasswd", vec![]),
        ("FROM a\nRUN PGPASSWORD=hunter2hunter2 psql -h db", vec!["PGPASSWORD in RUN (line 2)"]),
        ("FROM a\nCOPY <<EOF /app/.env\nDB_PASSWORD=hunter2hunter2\nEOF", vec!["the text of a heredoc (line 2)"]),
        ("FROM a\nRUN --mount=type=secret,id=pip pip install x", vec![]),
        ("FROM a\nRUN apt-get update && apt-get install -y libcrypto3=3.1.2-r0", vec![]),
    ] {
        assert_eq!(secrets(text), expected, "{text}");
    }
    let published = facts("FROM a\nENV ORTHANC_PASSWORD=orthanc");
    assert_eq!(published.list("secrets").and_then(|s| s.records().next()?.bool("published")), Some(true));
}

#[test]
fn files_with_secrets() {
    let key = "-----BEGIN PRIVATE KEY-----\nMII\n";
    let certificate = "-----BEGIN CERTIFICATE-----\nMII\n";
    let of = |lines: &str, files: &[(&str, &str)]| {
        let text = format!("FROM a\nWORKDIR /app\n{lines}");
        let all: Vec<_> = std::iter::once(("Dockerfile", text.as_str())).chain(files.iter().copied()).collect();
        let facts = facts_with(&all, &Given::default());
        (labels(&facts, "secrets"), facts.list("secrets").is_some_and(|list| list.incomplete.is_some()))
    };
    assert_eq!(of("COPY server.key /x", &[("server.key", key)]).0, ["the file server.key (line 3)"]);
    assert_eq!(of("COPY . .", &[("certs/server.pem", key)]).0, ["the file certs/server.pem (line 3)"]);
    assert_eq!(of("COPY . .", &[("ca.pem", certificate)]), (vec![], false));
    assert_eq!(of("COPY . .", &[("certs/server.pem", key), (".dockerignore", "certs")]).0, Vec::<String>::new());
    assert_eq!(of("COPY id_rsa /root/.ssh/", &[]).0, ["the file id_rsa (line 3)"]);
    assert_eq!(of("COPY .env /app/", &[(".env", "A=1")]).0, ["the file .env (line 3)"]);
    assert_eq!(of("COPY .env.example /app/", &[(".env.example", "A=1")]).0, Vec::<String>::new());
    assert_eq!(of("COPY app.pem /app/", &[]), (vec![], true));
    assert_eq!(of("COPY nginx_signing.key /x", &[]), (vec![], false));
    assert_eq!(of("COPY *.key /x/", &[("a.key", key)]).0, ["the file a.key (line 3)"]);
    assert_eq!(of("COPY --from=b server.key /x", &[]), (vec![], false));
    let users = "{\n  /* \"RegisteredUsers\": {\"x\": \"y\"} */\n  \"RegisteredUsers\": {\"admin\": \"Sup3rS3cret9\"}\n}";
    assert_eq!(of("COPY o.json /etc/orthanc/", &[("o.json", users)]).0, ["the file o.json (line 3)"]);
    let none = "{\n// \"RegisteredUsers\": {\"x\": \"y\"}\n\"Name\": \"x\"}";
    assert_eq!(of("COPY o.json /etc/orthanc/", &[("o.json", none)]), (vec![], false));
    assert_eq!(of("ADD https://example.org/a.key /x", &[]), (vec![], false));
}

#[test]
fn sources_and_add() {
    let facts = facts_with(
        &[
            (
                "Dockerfile",
                "FROM a\nCOPY app.py gone.py /x/\nCOPY *.toml hidden /x/\nADD rootfs.tar.gz https://e.org/x y.sh /\nCOPY --from=b nothing /x\nCOPY dist /x\nCOPY <<E /x\nE\nCOPY $V /x",
            ),
            ("app.py", ""),
            ("hidden", ""),
            ("y.sh", ""),
            (".dockerignore", "hidden\n"),
        ],
        &Given::default(),
    );
    let exists: Vec<_> = facts.list("sources").unwrap().records().map(|r| (r.text("label").unwrap(), r.bool("exists"))).collect();
    assert_eq!(
        exists,
        [
            ("app.py (line 2)", Some(true)),
            ("gone.py (line 2)", Some(false)),
            ("hidden (line 3, left out by .dockerignore)", Some(false)),
            ("rootfs.tar.gz (line 4)", Some(false)),
            ("y.sh (line 4)", Some(true)),
            ("dist (line 6)", None),
            ("a source with variables (line 9)", None),
        ]
    );
    let plain: Vec<_> = facts.list("added").unwrap().records().map(|r| (r.text("label").unwrap(), r.bool("plain"))).collect();
    assert_eq!(plain, [("rootfs.tar.gz (line 4)", Some(false)), ("a URL (line 4)", Some(false)), ("y.sh (line 4)", Some(true))]);
}

#[test]
fn ways_of_a_dot_env_into_the_image() {
    let of = |lines: &str, files: &[(&str, &str)]| {
        let all: Vec<_> = std::iter::once(("Dockerfile", lines)).chain(files.iter().copied()).collect();
        labels(&facts_with(&all, &Given::default()), "env_reaches")
    };
    assert_eq!(of("FROM a\nCOPY . /app", &[]), [".env by line 2"]);
    assert_eq!(of("FROM a\nCOPY ./ /app", &[(".env", "")]), [".env by line 2"]);
    assert_eq!(of("FROM a\nADD * /app/", &[]), [".env by line 2"]);
    assert_eq!(of("FROM a\nCOPY . /app", &[(".dockerignore", ".env")]), Vec::<String>::new());
    assert_eq!(of("FROM a\nCOPY . /app", &[(".dockerignore", ".env"), ("sub/.env", "")]), ["sub/.env by line 2"]);
    assert_eq!(
        of("FROM a\nCOPY . /app", &[(".dockerignore", "**/.env*\n!.env.example"), ("sub/.env", "")]),
        Vec::<String>::new()
    );
    assert_eq!(of("FROM a\nCOPY . /app", &[("Dockerfile.dockerignore", "x"), (".dockerignore", ".env")]), [".env by line 2"]);
    assert_eq!(of("FROM a\nCOPY src /app", &[("src/a.py", "")]), Vec::<String>::new());
    assert_eq!(of("FROM a\nCOPY backend /app", &[("backend/requirements.txt", "")]), ["backend/.env by line 2"]);
    assert_eq!(of("FROM a\nCOPY package.json /app/", &[("package.json", "")]), Vec::<String>::new());
    assert_eq!(of("FROM a\nCOPY .env /app/", &[(".env", "")]), [".env by line 2"]);
    assert_eq!(of("FROM a\nCOPY --exclude=.env . /app", &[]), Vec::<String>::new());
    // A stage that is thrown away, and one whose folder is taken along.
    let build = "FROM a AS b\nWORKDIR /src\nCOPY . .\nFROM c\n";
    assert_eq!(of(&format!("{build}COPY --from=b /src/dist /app"), &[]), Vec::<String>::new());
    assert_eq!(of(&format!("{build}COPY --from=b /src /app"), &[]), [".env by line 5"]);
    assert_eq!(of(&format!("{build}COPY --from=0 / /"), &[]), [".env by line 5"]);
}

#[test]
fn texts_that_are_no_dockerfile() {
    for text in [
        "",
        "\n\n# nothing\n",
        "hello world",
        "FROM",
        "FROM a\nRNU x",
        "RUN x",
        "FROM a\nCOPY x",
        "{}",
        "FROM a\nENV",
        "FROM a\nRUN <<E\nx",
    ] {
        let facts = facts(text);
        assert_eq!(facts.bool("parses"), Some(false), "{text:?}");
        assert!(facts.text("error").is_some_and(|error| error.starts_with("line ")), "{text:?}");
        for path in ["bases", "secrets", "added", "sources", "env_reaches", "user.spec", "health.defined", "base"] {
            assert!(matches!(facts.get(path).state, State::Unknown(_)), "{path} of {text:?}");
        }
    }
    let error = facts("FROM a\n\nhunter2-is-the-password x");
    assert_eq!(error.text("error"), Some("line 3: no instruction of a Dockerfile begins like this"));
}

#[test]
fn huge_and_binary_files_are_said_to_be_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Dockerfile");
    let state = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let reading = Reading::new(read(&path), &path, "Dockerfile", Ok(folder.path().into()), &Given::default());
        reading.document("Dockerfile", "x", &mut Groups::default()).facts.get("parses").clone()
    };
    assert!(matches!(state(&vec![b'\n'; 1024 * 1024 + 1]).state, State::Unknown(_)));
    assert!(matches!(state(&[b'F', 0xff, 0]).state, State::Unknown(_)));
    assert_eq!(state("FROM a\n".repeat(5000).as_bytes()).bool(), Some(false));
    assert_eq!(state(format!("FROM a\n{}", "RUN x\n".repeat(5000)).as_bytes()).bool(), Some(false));
    assert_eq!(state(format!("FROM a\nRUN x {}", "\\\n".repeat(100_000)).as_bytes()).bool(), Some(true));
    assert!(read(folder.path()).is_err());
    assert!(read(&folder.path().join("none")).is_err());
}

#[test]
fn stages_upon_stages_take_bounded_time() {
    let stages: String =
        (1..90).map(|i| format!("FROM s{} AS s{i}\n{}", i - 1, "ENV A=1\nRUN x\nCOPY . .\n".repeat(6))).collect();
    let started = std::time::Instant::now();
    let facts = facts(&format!("FROM a AS s0\n{stages}"));
    assert_eq!(facts.bool("parses"), Some(true));
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_file_without_a_service_tries_the_folders_above() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("docker/app")).unwrap();
    std::fs::write(folder.path().join("main.py"), "").unwrap();
    let path = folder.path().join("docker/app/Dockerfile");
    std::fs::write(&path, "FROM a\nCOPY main.py /").unwrap();
    let environment = BTreeMap::new();
    let mut context = Context { environment: &environment, groups: &mut Groups::default(), progress: &|_| {} };
    let parent = path.parent().unwrap();
    let documents = collect(&path, parent, "docker/app/Dockerfile", "given", &mut context);
    let sources = documents[0].facts.list("sources").cloned().unwrap_or_else(List::default);
    assert_eq!(sources.records().next().and_then(|source| source.bool("exists")), Some(true));
    assert_eq!(&*documents[0].name, "docker/app/Dockerfile");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_panics(text in ".{0,300}") {
        facts(&text);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        facts(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_lines_of_instructions_panic(
        lines in proptest::collection::vec(
            ("(FROM|RUN|COPY|ADD|ENV|ARG|USER|LABEL|HEALTHCHECK|CMD|ENTRYPOINT|WORKDIR|EXPOSE|ONBUILD|VOLUME|SHELL|STOPSIGNAL|# escape=)", "[ -~\t\r]{0,30}"),
            0..12,
        )
    ) {
        let text: String = lines.iter().map(|(word, rest)| format!("{word} {rest}\n")).collect();
        facts(&format!("FROM a\n{text}"));
        facts(&text);
    }

    #[test]
    fn no_pattern_panics(pattern in "[ -~]{0,40}", path in "[ -~]{0,40}") {
        if let Ok(ignore) = ignore::Ignore::parse(&pattern) {
            ignore.excludes(&path);
        }
    }
}
