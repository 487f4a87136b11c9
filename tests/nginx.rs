//! nginx configurations from their text to the verdict, each with the trap that it is about.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

#[path = "nginx/traps.rs"]
mod traps;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pacscan::check::{Library, Planes, evaluate};
use pacscan::collect::{Context, Selection, compose};
use pacscan::facts::{Document, Groups, Kind};
use proptest::prelude::*;

/// A server with everything right but what a test is about.
const HEAD: &str = r#"events {} http { server_tokens off; client_max_body_size 1g; limit_req_zone $binary_remote_addr zone=web:1m rate=9r/s;
ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; limit_req zone=web;
add_header Strict-Transport-Security "max-age=31536000" always; add_header X-Frame-Options DENY always;
ssl_certificate /etc/nginx/a.crt; ssl_certificate_key /etc/nginx/a.key;
"#;
/// Refuses `_method`, however it is written.
const GUARD: &str = r#"if ($args ~* "(^|&)[^=&]*(%|_method)") { return 400; }"#;
const PASS: &str = "proxy_set_header X-HTTP-Method-Override ''; proxy_pass http://orthanc:8042;";

type Verdicts = BTreeMap<String, (String, String)>;

/// The proxy of a compose project with these files; the folder `nginx` is mounted as a whole on `/etc/nginx`.
fn documents(image: &str, more: &str, files: &[(&str, &[u8])]) -> Vec<Document> {
    let folder = tempfile::tempdir().unwrap();
    let service = format!("services:\n  proxy:\n    image: {image}\n{more}");
    std::fs::write(folder.path().join("compose.yaml"), service).unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    collected(folder.path())
}

fn collected(path: &Path) -> Vec<Document> {
    let environment = BTreeMap::new();
    let mut groups = Groups::default();
    let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
    let mut documents = compose::collect(path, "stack", &Selection::default(), &mut context).documents;
    documents.retain(|document| document.kind == Kind::Proxy);
    documents
}

fn judged(documents: &[Document]) -> Verdicts {
    let library = Library::load(&[]).unwrap();
    let outcomes = evaluate(&library, documents, &Planes::default());
    let proxy = outcomes.into_iter().filter(|o| o.check.id.starts_with("proxy-"));
    proxy.map(|o| (o.check.id.to_string(), (o.status.word().to_owned(), o.message))).collect()
}

const WHOLE: &str = "    volumes: ['./nginx:/etc/nginx']\n";

/// Verdicts on a whole `/etc/nginx`.
fn whole(files: &[(&str, &str)]) -> Verdicts {
    let mut all: Vec<(String, &[u8])> = files.iter().map(|(name, text)| (format!("nginx/{name}"), text.as_bytes())).collect();
    all.extend([("nginx/a.crt".to_owned(), &b"x"[..]), ("nginx/a.key".to_owned(), b"x")]);
    let all: Vec<(&str, &[u8])> = all.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    judged(&documents("nginx:1.27.3", WHOLE, &all))
}

/// Verdicts on one server behind [`HEAD`].
fn server(body: &str) -> Verdicts {
    whole(&[("nginx.conf", &format!("{HEAD} server {{ listen 443 ssl; {GUARD} {body} }} }}"))])
}

#[track_caller]
fn holds(verdicts: &Verdicts, check: &str, status: &str) {
    let (found, message) = &verdicts[&format!("proxy-{check}")];
    assert_eq!(found, status, "{check}: {message}");
}

#[test]
fn the_stacks_are_told_apart() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/stacks");
    let good = collected(&root.join("clinic-hardened"));
    assert_eq!(&*good[0].name, "proxy/nginx.conf");
    let verdicts = judged(&good);
    assert_eq!(verdicts.len(), 13);
    for (check, (status, message)) in &verdicts {
        assert_eq!(status, "pass", "{check}: {message}");
    }
    let bad = judged(&collected(&root.join("clinic")));
    for check in [
        "tls",
        "redirects-http",
        "rate-limit",
        "no-fixed-credentials",
        "no-wildcard-cors",
        "method-override-blocked",
        "body-size-limited",
    ] {
        holds(&bad, check, "fail");
    }
    holds(&bad, "no-version-banner", "fail");
    holds(&bad, "hsts", "not_applicable");
    let password = "b3J0aGFuYzpvcnRoYW5j";
    assert!(!serde_json::to_string(&collected(&root.join("clinic"))).unwrap().contains(password));
}

#[test]
fn the_good_server_is_good() {
    let verdicts = server(&format!("location / {{ {PASS} }}"));
    for (check, (status, message)) in &verdicts {
        assert_eq!(status, "pass", "{check}: {message}");
    }
}

#[test]
fn one_add_header_cancels_those_above() {
    let verdicts = server(&format!("location / {{ {PASS} add_header Cache-Control no-store; }}"));
    holds(&verdicts, "headers-not-lost", "fail");
    holds(&verdicts, "hsts", "fail");
    let repeated = "add_header Strict-Transport-Security 'max-age=99999999'; add_header X-Frame-Options DENY;";
    let verdicts = server(&format!("location / {{ {PASS} {repeated} }}"));
    holds(&verdicts, "headers-not-lost", "pass");
    holds(&verdicts, "hsts", "pass");
    let short = server(&format!(
        "add_header Strict-Transport-Security 'max-age=300'; add_header X-Frame-Options DENY; location / {{ {PASS} }}"
    ));
    holds(&short, "hsts", "fail");
}

#[test]
fn a_rate_limit_needs_its_zone() {
    holds(&server(&format!("location / {{ {PASS} limit_req zone=other; }}")), "rate-limit", "fail");
    holds(&server("location / { root /srv; }"), "rate-limit", "not_applicable");
    let named = "location / { try_files $uri @pacs; } location @pacs { proxy_pass http://orthanc:8042; }";
    holds(&server(named), "rate-limit", "pass");
    for (key, rate, burst, status) in [
        ("$binary_remote_addr", "100r/s", "burst=200 nodelay", "pass"),
        ("$binary_remote_addr", "1000000r/s", "", "fail"),
        ("$binary_remote_addr", "5r/s", "burst=100000 nodelay", "fail"),
        ("$http_x_forwarded_for", "5r/s", "", "fail"),
        ("$binary_remote_addr$request_id", "5r/s", "", "fail"),
    ] {
        let text = format!(
            "events {{}} http {{ limit_req_zone {key} zone=z:1m rate={rate}; server {{ listen 80; limit_req zone=z {burst}; location / {{ {PASS} }} }} }}"
        );
        holds(&whole(&[("nginx.conf", &text)]), "rate-limit", status);
    }
    let dry = server(&format!("limit_req_dry_run on; location / {{ {PASS} }}"));
    holds(&dry, "rate-limit", "fail");
}

#[test]
fn the_default_server_decides_about_protocols() {
    let two = |first: &str, second: &str| {
        let text = format!(
            "{HEAD} server {{ listen 443 ssl; {first} location / {{ {PASS} }} }} server {{ {second} location / {{ {PASS} }} }} }}"
        );
        whole(&[("nginx.conf", &text)])
    };
    holds(&two("ssl_protocols TLSv1 TLSv1.2;", "listen 443 ssl;"), "tls-protocols", "fail");
    holds(&two("", "listen 443 ssl default_server; ssl_protocols TLSv1.1;"), "tls-protocols", "fail");
    holds(&two("", "listen 443 ssl; ssl_protocols TLSv1.1;"), "tls-protocols", "not_evaluated");
    holds(&two("", "listen 443;"), "tls", "pass");
    holds(&two("", "listen 444;"), "tls", "fail");
    holds(&two("", "listen 80;"), "redirects-http", "fail");
    holds(&two("", "listen 127.0.0.1:80;"), "tls", "pass");
    holds(&two("ssl_ciphers HIGH:!aNULL;", "listen 443 ssl;"), "tls-ciphers", "fail");
}

#[test]
fn defaults_depend_on_the_version() {
    let text = "events {} http { server { listen 443 ssl; ssl_certificate a.crt; location / { proxy_pass http://x; } } }";
    for (image, status) in [
        ("nginx:1.22.1", "fail"),
        ("nginx:1.23.4-alpine", "pass"),
        ("nginx:1.27", "pass"),
        ("nginx:1.23", "not_evaluated"),
        ("nginx:latest", "not_evaluated"),
        ("hospital/nginx:1.27", "not_evaluated"),
        ("registry.example/nginx:1.27", "not_evaluated"),
    ] {
        let verdicts = judged(&documents(image, WHOLE, &[("nginx/nginx.conf", text.as_bytes())]));
        holds(&verdicts, "tls-protocols", status);
        holds(&verdicts, "tls-ciphers", "fail");
        holds(&verdicts, "body-size-limited", "fail");
        holds(&verdicts, "includes-exist", "fail");
    }
}

#[test]
fn redirects_acme_and_health_need_no_tls() {
    let plain = |body: &str| {
        let text = format!("{HEAD} server {{ listen 80; {body} }} server {{ listen 443 ssl; location / {{ {PASS} }} }} }}");
        whole(&[("nginx.conf", &text)])["proxy-redirects-http"].0.clone()
    };
    let acme = "location /.well-known/acme-challenge/ { root /srv; }";
    assert_eq!(plain("return 301 https://$host$request_uri;"), "pass");
    assert_eq!(plain(&format!("{acme} location / {{ return 308 https://$host$request_uri; }}")), "pass");
    assert_eq!(plain("rewrite ^ https://$host$request_uri? permanent;"), "pass");
    assert_eq!(plain("if ($host = a.example) { return 301 https://$host$request_uri; } return 404;"), "pass");
    assert_eq!(plain("if ($scheme = http) { return 301 https://$host$request_uri; } location / { root /srv; }"), "pass");
    assert_eq!(plain(&format!("{acme} location / {{ root /srv; }}")), "fail");
    assert_eq!(plain("location / { return 301 http://$host/ui; }"), "fail");
    assert_eq!(plain("error_page 418 = @pacs; location @pacs { proxy_pass http://orthanc:8042; } return 418;"), "fail");
    assert_eq!(plain("location / { return 301 $scheme://$host/ui; }"), "fail");
    assert_eq!(plain("rewrite ^/a https://$host/ permanent; location / { root /srv; }"), "fail");
}

#[test]
fn credentials_are_found_and_never_shown() {
    let with = |line: &str| server(&format!("location / {{ {line} {PASS} }}"))["proxy-no-fixed-credentials"].clone();
    for bad in [
        "proxy_set_header Authorization \"Basic cAnArY\";",
        "proxy_set_header authorization 'Bearer cAnArYcAnArY';",
        "set $a 'Basic cAnArY'; proxy_set_header Authorization $a;",
        "proxy_set_header X-Api-Key cAnArY;",
        "fastcgi_param HTTP_AUTHORIZATION 'Basic cAnArY';",
    ] {
        let (status, message) = with(bad);
        assert_eq!(status, "fail", "{bad}");
        assert!(!message.contains("cAnArY"));
    }
    for good in [
        "proxy_set_header Authorization $http_authorization;",
        "proxy_set_header Authorization '';",
        "auth_request /a; auth_request_set $token $upstream_http_token; proxy_set_header token $token;",
    ] {
        assert_eq!(with(good).0, "pass", "{good}");
    }
    assert_eq!(with("proxy_set_header Authorization '${BASIC}';").0, "not_evaluated");
}

#[test]
fn origins_are_followed_through_maps() {
    let with = |map: &str, line: &str| {
        let text = format!(
            "{HEAD} {map} server {{ listen 443 ssl; location / {{ {line} {PASS} }} location /static {{ root /srv; add_header Access-Control-Allow-Origin *; }} }} }}"
        );
        whole(&[("nginx.conf", &text)])["proxy-no-wildcard-cors"].0.clone()
    };
    let header = "add_header Access-Control-Allow-Origin $cors;";
    let map = |entries: &str| format!("map $http_origin $cors {{ {entries} }}");
    assert_eq!(with("", ""), "pass");
    assert_eq!(with("", "add_header Access-Control-Allow-Origin *;"), "fail");
    assert_eq!(with("", "add_header 'access-control-allow-origin' \"$http_origin\" always;"), "fail");
    assert_eq!(with("", "if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin *; return 204; }"), "fail");
    assert_eq!(with("", "add_header Access-Control-Allow-Origin https://viewer.example;"), "pass");
    assert_eq!(with("", header), "not_evaluated");
    assert_eq!(with(&map("default ''; 'https://v.example' $http_origin;"), header), "pass");
    assert_eq!(with(&map("default $http_origin;"), header), "fail");
    assert_eq!(with(&map("default ''; ~^https:// $http_origin;"), header), "fail");
    assert_eq!(with(&map("default ''; '~^https://[a-z]+\\.clinic\\.example$' $http_origin;"), header), "pass");
    let guarded = "if ($http_origin ~* ^https://(a|b)\\.example$) { add_header Access-Control-Allow-Origin $http_origin; }";
    assert_eq!(with("", guarded), "pass");
    assert_eq!(with("", "if ($http_origin ~ .) { add_header Access-Control-Allow-Origin $http_origin; }"), "fail");
    let preflight = "if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin *; } root /srv;";
    assert_eq!(with("", &format!("location /fonts {{ {preflight} }}")), "pass", "files are no answers of the PACS");
    assert_eq!(with(&map("default ''; include more.map;"), header), "not_evaluated");
    assert_eq!(with("", "set $cors *; add_header Access-Control-Allow-Origin $cors;"), "fail");
}

#[test]
fn the_method_cannot_be_overridden() {
    let check = "method-override-blocked";
    let bare = |body: &str| whole(&[("nginx.conf", &format!("{HEAD} server {{ listen 443 ssl; {body} }} }}"))]);
    holds(&bare(&format!("location / {{ {PASS} }}")), check, "fail");
    holds(&bare(&format!("location / {{ if ($args ~* _method) {{ return 403; }} {PASS} }}")), check, "fail");
    holds(&bare(&format!("location / {{ if ($arg__method = X) {{ return 403; }} {PASS} }}")), check, "fail");
    // A proxy_set_header of its own loses the one above.
    holds(
        &server("proxy_set_header X-HTTP-Method-Override ''; location / { proxy_set_header Host a; proxy_pass http://pacs; }"),
        check,
        "fail",
    );
    holds(&server("location / { proxy_pass http://viewer:3000; }"), check, "not_applicable");
    holds(&server("location / { proxy_pass http://$backend; }"), check, "not_evaluated");
    holds(&server("set $b http://orthanc:8042; location / { proxy_pass $b; }"), check, "fail");
}

#[test]
fn includes_are_followed_or_leave_a_hole() {
    let good = format!("{HEAD} include sites/*.conf; include mime.types; }}");
    let site = format!("server {{ listen 443 ssl; {GUARD} location / {{ {PASS} }} }}");
    let verdicts = whole(&[("nginx.conf", &good), ("sites/a.conf", &site), ("mime.types", "types { text/html html; }")]);
    assert!(verdicts.values().all(|(status, _)| status == "pass"), "{verdicts:?}");
    let verdicts = whole(&[("nginx.conf", &good), ("sites/a.conf", &site)]);
    holds(&verdicts, "includes-exist", "fail");
    let cycle = whole(&[("nginx.conf", "events {} http { include nginx.conf; }")]);
    assert!(cycle.values().all(|(status, _)| status == "not_evaluated"), "{cycle:?}");
    // What lies in the image may be anything: a failure stays one, a pass does not.
    let one = "    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n";
    let text = format!("{HEAD} include /opt/more/*.conf; server {{ listen 80; root /srv; }} }}");
    let verdicts = judged(&documents("hospital/nginx:1.27", one, &[("nginx.conf", text.as_bytes())]));
    holds(&verdicts, "tls", "fail");
    holds(&verdicts, "no-wildcard-cors", "not_evaluated");
    holds(&verdicts, "includes-exist", "not_evaluated");
}

#[test]
fn pieces_and_templates_of_the_official_image() {
    let mount = "    environment: {BACKEND: 'orthanc:8042'}\n    volumes: ['./t:/etc/nginx/templates']\n";
    let text = "server { listen 80; location / { proxy_pass http://${BACKEND}; proxy_set_header Host $host; } }";
    let found = documents("nginx:1.27", mount, &[("t/default.conf.template", text.as_bytes())]);
    assert_eq!(&*found[0].name, "t/default.conf.template");
    let pass = found[0].facts.list("passes").unwrap().records().next().unwrap();
    assert_eq!((pass.text("host"), pass.int("port")), (Some("orthanc"), Some(8042)));
    let verdicts = judged(&found);
    holds(&verdicts, "tls", "fail");
    // Only nginx.conf could set it, and nobody saw that.
    holds(&verdicts, "no-version-banner", "not_evaluated");
    holds(&verdicts, "rate-limit", "not_evaluated");
    let nothing = documents("orthancteam/orthanc-nginx:24", "", &[]);
    assert_eq!(nothing.len(), 1);
    assert!(judged(&nothing).values().all(|(status, _)| status == "not_evaluated"));
    assert!(documents("nginx/nginx-prometheus-exporter:1", "", &[]).is_empty());
}

#[test]
fn the_file_that_nginx_starts_with_is_judged() {
    let tls = format!("{HEAD} server {{ listen 443 ssl; location / {{ {PASS} }} }} }}");
    let plain = "events {} http { server { listen 80; location / { proxy_pass http://orthanc:8042; } } }";
    let piece = "server { listen 80; location / { proxy_pass http://orthanc:8042; } }";
    let files = [
        ("n/nginx.conf", tls.as_bytes()),
        ("n/plain.conf", plain.as_bytes()),
        ("c/plain.conf", plain.as_bytes()),
        ("c/conf/nginx.conf", plain.as_bytes()),
        ("40.sh", b"cp /cfg/plain.conf /etc/nginx/nginx.conf"),
    ];
    let with = |more: &str, mount: &str| {
        let service = format!("    volumes: ['./n:/etc/nginx', './c:/cfg'{mount}]\n{more}");
        judged(&documents("nginx:1.27.3", &service, &files))["proxy-tls"].0.clone()
    };
    let command = |words: &str| with(&format!("    command: {words}\n"), "");
    assert_eq!(with("", ""), "pass");
    assert_eq!(command("[nginx, -g, 'daemon off;']"), "pass");
    assert_eq!(command("[nginx, -c, plain.conf, -g, 'daemon off;']"), "fail");
    // Files of a service are read where nginx usually looks; elsewhere is unknown.
    assert_eq!(command("[nginx, -c/cfg/plain.conf]"), "not_evaluated");
    assert_eq!(command("[nginx, -p, /cfg, -c, conf/nginx.conf]"), "fail");
    assert_eq!(command("[sh, -c, 'cp /cfg/plain.conf /etc/nginx/nginx.conf && nginx']"), "not_evaluated");
    assert_eq!(command("[sh, -c, 'while :; do sleep 6h & wait; nginx -s reload; done & nginx']"), "pass");
    assert_eq!(with("    entrypoint: [/start.sh]\n", ""), "not_evaluated");
    assert_eq!(with("", ", './40.sh:/docker-entrypoint.d/40-x.sh'"), "not_evaluated");
    assert_eq!(with("", ", './40.sh:/docker-entrypoint.sh'"), "not_evaluated");
    let mounts = "    volumes: ['./a.conf:/etc/nginx/conf.d/default.conf', './t:/etc/nginx/templates/default.conf.template']\n";
    let over =
        [("a.conf", &b"server { listen 443 ssl; location / { proxy_pass http://orthanc:8042; } }"[..]), ("t", piece.as_bytes())];
    holds(&judged(&documents("nginx:1.27.3", mounts, &over)), "tls", "fail");
    holds(&judged(&documents("hospital/nginx:1.27.3", mounts, &over)), "tls", "not_evaluated");
}

#[test]
fn no_token_of_an_address_is_told() {
    for address in ["dicom-web?token=cAnArYTok3nXv91ab", "api_key=cAnArYKeyabcd123/x", "x/cAnArY7f3K9xQ2mZp8Lw4Rt6Vb1Nc5Hd"] {
        let text = format!("{HEAD} server {{ listen 443 ssl; location / {{ proxy_pass http://orthanc:8042/{address}; }} }} }}");
        let found = documents("nginx:1.27.3", WHOLE, &[("nginx/nginx.conf", text.as_bytes())]);
        assert!(!serde_json::to_string(&found).unwrap().contains("cAnArY"), "{address}");
    }
}

#[test]
fn whoever_asks_for_a_credential_is_known() {
    let asks = |body: &str| {
        let text = format!("{HEAD} server {{ listen 443 ssl; {body} }} }}");
        let files = [("nginx/nginx.conf", text.as_bytes())];
        let found = documents("nginx:1.27.3", WHOLE, &files);
        let passes = found[0].facts.list("passes").unwrap();
        passes.records().next().unwrap().bool("authenticates")
    };
    let basic = "auth_basic PACS; auth_basic_user_file users;";
    assert_eq!(asks(&format!("{basic} location / {{ {PASS} }}")), Some(true));
    assert_eq!(asks(&format!("{basic} location / {{ auth_basic off; {PASS} }}")), Some(false));
    assert_eq!(asks(&format!("location / {{ auth_request /auth; {PASS} }}")), Some(true));
    assert_eq!(asks(&format!("satisfy any; allow 10.0.0.0/8; deny all; {basic} location / {{ {PASS} }}")), Some(false));
    assert_eq!(asks(&format!("ssl_verify_client on; location / {{ {PASS} }}")), Some(true));
    assert_eq!(asks(&format!("ssl_verify_client optional; location / {{ {PASS} }}")), Some(false));
    assert_eq!(asks(&format!("location / {{ access_by_lua_block {{ x() }} {PASS} }}")), None);
    assert_eq!(asks(&format!("location / {{ {PASS} }}")), Some(false));
}

#[test]
fn what_is_no_configuration_is_unknown() {
    let long = format!("# {}\n", "x".repeat(5_000_000));
    for bytes in [&b"\x00\xff\xfe"[..], long.as_bytes(), b"http {", b"'", &b"a {".repeat(100)] {
        let verdicts = judged(&documents("nginx:1.27", WHOLE, &[("nginx/nginx.conf", bytes)]));
        assert_eq!(verdicts.len(), 13);
        assert!(verdicts.values().all(|(status, _)| status == "not_evaluated"), "{verdicts:?}");
    }
}

/// Words that a configuration is made of.
const WORDS: [&str; 24] = [
    "http",
    "server",
    "location",
    "/",
    "{",
    "}",
    ";",
    "listen 443 ssl;",
    "proxy_pass",
    "http://$a:1/",
    "include",
    "*",
    "if",
    "($arg__method",
    "map",
    "$a",
    "'",
    "\"",
    "\\",
    "#",
    "\n",
    "~*[(",
    "limit_req zone=",
    "add_header",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..300), words in proptest::collection::vec(0..24_usize, 0..60)) {
        let text: String = words.iter().map(|i| format!("{} ", WORDS[*i])).collect();
        let inner = format!("http {{ server {{ listen 1; {text} }} }}");
        for bytes in [&bytes[..], text.as_bytes(), inner.as_bytes()] {
            prop_assert_eq!(documents("nginx:1", WHOLE, &[("nginx/nginx.conf", bytes)]).len(), 1);
        }
    }
}

#[test]
fn real_configurations_are_read() {
    let Some(root) = std::env::var_os("PACSCAN_REAL_STACKS") else {
        println!("not run: PACSCAN_REAL_STACKS names no folder");
        return;
    };
    let (mut open, mut read) = (vec![PathBuf::from(root)], 0);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".conf") && name.contains("nginx") {
                let bytes = std::fs::read(&path).unwrap();
                let place = if String::from_utf8_lossy(&bytes).contains("http {") {
                    "nginx/nginx.conf"
                } else {
                    "nginx/conf.d/default.conf"
                };
                let verdicts = judged(&documents("nginx:1.27", WHOLE, &[(place, &bytes)]));
                println!("{name}");
                for (check, (status, message)) in &verdicts {
                    println!("    {check} {status}: {message}");
                }
                assert!(verdicts.values().any(|(status, _)| status != "not_evaluated"), "{name}");
                read += 1;
            }
        }
    }
    println!("{read} configurations");
}
