//! Traps in nginx configurations that a hostile review found, each with what has to come of it.

use super::{GUARD, WHOLE, documents, holds, judged, whole};

/// The inside of `http`, a check, and what has to come of it; `TLS;` and `PASS;` stand for the lines in the test.
const TRAPS: &[(&str, &str, &str)] = &[
    // What ends the rewrite phase keeps a redirect behind it from being reached.
    ("server { listen 80; if ($arg_x) { break; } return 301 https://$host/; location / { PASS; } }", "tls", "fail"),
    ("server { listen 80; if ($arg_x) { rewrite ^ /y break; } return 301 https://$host/; location / { PASS; } }", "tls", "fail"),
    ("server { listen 80; location / { if ($arg_x) { break; } return 301 https://$host/; PASS; } }", "tls", "fail"),
    (
        "server { listen 80; if ($arg_x) { break; } if ($scheme = http) { return 301 https://$host/; } location / { PASS; } }",
        "tls",
        "fail",
    ),
    (
        "server { listen 80; listen 8080; if ($server_port = 80) { return 301 https://$host/; } location / { PASS; } }",
        "tls",
        "fail",
    ),
    ("server { listen 80; if ($server_port = 80) { return 301 https://$host/; } location / { PASS; } }", "tls", "pass"),
    ("server { listen 80; error_page 301 = @o; return 301 https://$host/; location @o { PASS; } }", "tls", "fail"),
    ("server { listen 80; return 301 http://$host:8080$request_uri; }", "redirects-http", "fail"),
    ("server { listen 80; return 301 $scheme://$host$request_uri; }", "redirects-http", "fail"),
    ("server { listen 80; if ($host = a) { return 301 https://$host/; } return 404; }", "redirects-http", "pass"),
    ("} stream { server { listen 8080; proxy_pass orthanc:8042; }", "tls", "not_evaluated"),
    ("server { TLS; ssl_protocols tlsv1 TLSv1.2; location / { PASS; } }", "tls-protocols", "fail"),
    ("server { TLS; ssl_protocols tlsV1.2; location / { PASS; } }", "tls-protocols", "pass"),
    ("server { TLS; ssl_protocols TLSv1.2; ssl_protocols TLSv1; location / { PASS; } }", "tls-protocols", "fail"),
    ("server { TLS; ssl_protocols TLSv1.2 NEW; location / { PASS; } }", "tls-protocols", "not_evaluated"),
    // An empty header is not sent.
    (
        "server { TLS; add_header X-Frame-Options DENY; location / { add_header X-Frame-Options ''; PASS; } }",
        "headers-not-lost",
        "fail",
    ),
    ("server { TLS; more_clear_headers X-Frame-Options; location / { PASS; } }", "headers-not-lost", "not_evaluated"),
    (
        "map $arg_x $h { a max-age=31536000; } server { TLS; add_header Strict-Transport-Security $h; location / { PASS; } }",
        "hsts",
        "not_evaluated",
    ),
    (
        "map $scheme $h { https max-age=31536000; } server { TLS; add_header Strict-Transport-Security $h; location / { PASS; } }",
        "hsts",
        "pass",
    ),
    // nginx does not count requests with an empty key.
    ("limit_req_zone '' zone=z:1m rate=5r/s; server { TLS; location / { limit_req zone=z; PASS; } }", "rate-limit", "fail"),
    (
        "limit_req_zone all zone=z:1m rate=5r/s; server { TLS; location / { limit_req zone=z; PASS; } }",
        "rate-limit",
        "not_evaluated",
    ),
    (
        "map $remote_addr $k { default ''; } limit_req_zone $k zone=z:1m rate=5r/s; server { TLS; location / { limit_req zone=z; PASS; } }",
        "rate-limit",
        "fail",
    ),
    (
        "limit_req_zone $http_x_key zone=z:1m rate=5r/s; server { TLS; location / { limit_req zone=z; PASS; } }",
        "rate-limit",
        "fail",
    ),
    // Pages beside an API need no limit, another program's login does.
    (
        "ZONE server { TLS; API location ~ ^/(docs|redoc) { proxy_pass http://b; } location / { proxy_pass http://frontend; } }",
        "rate-limit",
        "pass",
    ),
    ("ZONE server { TLS; API location / { proxy_pass http://b; } }", "rate-limit", "fail"),
    ("ZONE server { TLS; API location / { proxy_pass http://app; } }", "rate-limit", "not_evaluated"),
    ("ZONE server { TLS; API location /login { proxy_pass http://frontend; } }", "rate-limit", "fail"),
    (
        "server { listen 80; rewrite ^/old$ /new permanent; return 301 https://$host/; location / { PASS; } }",
        "redirects-http",
        "pass",
    ),
    // Credentials by detours.
    (
        "server { TLS; set $b cAnArY; set $c \"Basic $b\"; location / { proxy_set_header Authorization $c; PASS; } }",
        "no-fixed-credentials",
        "fail",
    ),
    (
        "server { TLS; location / { more_set_input_headers 'Authorization: Basic cAnArY'; PASS; } }",
        "no-fixed-credentials",
        "fail",
    ),
    ("server { TLS; location / { rewrite_by_lua_block { x() } PASS; } }", "no-fixed-credentials", "not_evaluated"),
    ("server { TLS; location / { js_access a.b; PASS; } }", "no-fixed-credentials", "not_evaluated"),
    ("server { TLS; location / { proxy_pass http://orthanc:8042/?access_token=cAnArY; } }", "no-fixed-credentials", "fail"),
    ("server { TLS; location / { set $args \"$args&token=cAnArY\"; PASS; } }", "no-fixed-credentials", "fail"),
    ("server { TLS; location / { proxy_pass http://orthanc:8042/?token=$arg_token; } }", "no-fixed-credentials", "pass"),
    (
        "server { TLS; set $a \"$b\"; set $b \"$a\"; location / { proxy_set_header Authorization $a; PASS; } }",
        "no-fixed-credentials",
        "pass",
    ),
    ("server { TLS; rewrite ^/(.*)$ /x?token=$1 break; location / { PASS; } }", "no-fixed-credentials", "pass"),
    // Patterns that fit names which anybody can buy.
    ("map $http_origin $o { ~*v\\.example $http_origin; } CORS", "no-wildcard-cors", "not_evaluated"),
    ("map $http_origin $o { ~^https://v.example$ $http_origin; } CORS", "no-wildcard-cors", "not_evaluated"),
    ("map $http_origin $o { ~^https://.*v\\.example$ $http_origin; } CORS", "no-wildcard-cors", "not_evaluated"),
    ("map $http_origin $o { '~^https?://(a|b)\\.example(:\\d+)?$' $http_origin; } CORS", "no-wildcard-cors", "pass"),
    ("map $http_origin $o { '~^https://(.+\\.)?v\\.example$' $http_origin; } CORS", "no-wildcard-cors", "pass"),
    (
        "server { TLS; location / { if ($http_origin ~ '^https://v\\.example$') { set $y 1; } if ($y = 1) { add_header Access-Control-Allow-Origin $http_origin; } PASS; } }",
        "no-wildcard-cors",
        "pass",
    ),
    (
        "server { TLS; location / { more_set_headers 'Access-Control-Allow-Origin: *'; location /a { more_set_headers 'A: b'; PASS; } } }",
        "no-wildcard-cors",
        "fail",
    ),
    (
        "server { TLS; location /studies/ { add_header Access-Control-Allow-Origin *; alias /var/lib/studies/; } }",
        "no-wildcard-cors",
        "fail",
    ),
    ("server { TLS; location / { add_header Access-Control-Allow-Origin *; root /srv; } }", "no-wildcard-cors", "not_evaluated"),
    (
        "server { TLS; location / { add_header Access-Control-Allow-Origin *; root /usr/share/nginx/html; } }",
        "no-wildcard-cors",
        "pass",
    ),
    (
        "server { TLS; location /studies/ { add_header Access-Control-Allow-Origin *; root /usr/share/nginx/html; } }",
        "no-wildcard-cors",
        "not_evaluated",
    ),
    ("server { TLS; location / { header_filter_by_lua_block { x() } PASS; } }", "no-wildcard-cors", "not_evaluated"),
    // nginx does not decode names of arguments, Orthanc does.
    ("server { TLS; if ($arg__method) { return 403; } location / { CLEAR PASS; } }", "method-override-blocked", "fail"),
    ("server { TLS; if ($args ~* '_method=') { return 403; } location / { CLEAR PASS; } }", "method-override-blocked", "fail"),
    (
        "server { TLS; if ($args ~ '%5fmethod|_method') { return 403; } location / { CLEAR PASS; } }",
        "method-override-blocked",
        "fail",
    ),
    ("server { TLS; GUARD location / { CLEAR PASS; } }", "method-override-blocked", "pass"),
    ("server { TLS; if ($arg_x) { break; } GUARD location / { CLEAR PASS; } }", "method-override-blocked", "fail"),
    ("server { TLS; GUARD error_page 400 = @o; location @o { CLEAR PASS; } }", "method-override-blocked", "fail"),
    (
        "server { TLS; GUARD if ($http_x_http_method_override) { return 403; } location / { PASS; } }",
        "method-override-blocked",
        "pass",
    ),
    ("server { TLS; location / { access_by_lua_file a.lua; PASS; } }", "method-override-blocked", "not_evaluated"),
];

#[test]
fn traps_are_seen() {
    for (line, check, expected) in TRAPS {
        let text = line
            .replace("TLS;", "listen 443 ssl; ssl_certificate a.crt; ssl_certificate_key a.key;")
            .replace("PASS;", "proxy_pass http://orthanc:8042;")
            .replace("GUARD", GUARD)
            .replace("CLEAR", "proxy_set_header X-HTTP-Method-Override '';")
            .replace(
                "CORS",
                "server { listen 80; location / { add_header Access-Control-Allow-Origin $o; proxy_pass http://pacs; } }",
            )
            .replace("ZONE", "limit_req_zone $binary_remote_addr zone=z:1m rate=5r/s;")
            .replace("API", "location /api/ { limit_req zone=z; proxy_pass http://b; }");
        let verdicts = whole(&[("nginx.conf", &format!("events {{}} http {{ {text} }}"))]);
        let (status, message) = &verdicts[&format!("proxy-{check}")];
        assert_eq!(status, expected, "{check} of {line}: {message}");
        assert!(!message.contains("cAnArY"));
    }
}

#[test]
fn servers_of_stream_pass_on() {
    let text = "events {} stream { upstream pacs { server orthanc:4242; } server { listen 104; proxy_pass pacs; } }";
    let found = documents("nginx:1.27.3", WHOLE, &[("nginx/nginx.conf", text.as_bytes())]);
    let pass = found[0].facts.list("passes").unwrap().records().next().unwrap();
    assert_eq!((pass.text("host"), pass.int("port"), pass.text("location")), (Some("orthanc"), Some(4242), Some("stream")));
    assert_eq!((pass.bool("server_tls"), pass.bool("authenticates")), (None, Some(false)));
    let verdicts = judged(&found);
    holds(&verdicts, "tls", "not_evaluated");
    holds(&verdicts, "method-override-blocked", "not_applicable");
}
