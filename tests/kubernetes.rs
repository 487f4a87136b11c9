//! Kubernetes manifests and Helm charts as files.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use serde_json::Value as Json;

fn audit(files: &[(&str, &str)]) -> Json {
    let folder = support::folder(files);
    support::run_in(folder.path(), &["audit", ".", "--format", "json"]).json()
}

fn result<'r>(report: &'r Json, check: &str, subject: &str) -> &'r Json {
    let found = support::results(report, check);
    let names: Vec<_> = found.iter().map(|result| result["subject"]["name"].clone()).collect();
    found.iter().find(|result| result["subject"]["name"] == subject).unwrap_or_else(|| panic!("{check}, {subject}: {names:?}"))
}

fn status(report: &Json, check: &str, subject: &str) -> String {
    result(report, check, subject)["status"].as_str().unwrap().to_owned()
}

const HARDENED: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: orthanc, namespace: clinic}
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 999, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: orthanc
          image: orthancteam/orthanc:26.1.0@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources: {limits: {cpu: 500m, memory: 512Mi}}
          livenessProbe: {tcpSocket: {port: 8042}}
";

#[test]
fn a_hardened_pod_passes() {
    let report = audit(&[("k8s/orthanc.yaml", HARDENED)]);
    let subject = "clinic/Deployment/orthanc/orthanc";
    for check in [
        "container-non-root",
        "container-read-only-rootfs",
        "container-no-new-privileges",
        "container-capabilities-dropped",
        "container-seccomp-enabled",
        "container-memory-limit",
        "container-cpu-limit",
        "container-image-pinned",
        "container-healthcheck-defined",
        "container-healthcheck-meaningful",
        "container-not-privileged",
        "container-no-host-network",
        "container-restart-policy",
    ] {
        assert_eq!(status(&report, check, subject), "pass", "{check}");
    }
    // What Kubernetes has no notion of in a manifest is said plainly.
    for check in [
        "container-pids-limit",
        "container-logs-kept-bounded",
        "container-ulimits-set",
        "container-cgroup-parent-default",
        "container-not-on-default-bridge",
    ] {
        assert_eq!(result(&report, check, subject)["reason"], "unsupported", "{check}");
    }
    assert_eq!(status(&report, "container-matches-compose", subject), "not_applicable");
}

#[test]
fn defaults_of_kubernetes_are_no_hardening() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: 'orthanc'}]}\n";
    let report = audit(&[("pod.yaml", pod)]);
    let subject = "default/Pod/x/a";
    for check in [
        "container-read-only-rootfs",
        "container-no-new-privileges",
        "container-capabilities-dropped",
        "container-seccomp-enabled",
        "container-memory-limit",
        "container-cpu-limit",
        "container-healthcheck-defined",
        "container-image-tag-fixed",
    ] {
        assert_eq!(status(&report, check, subject), "fail", "{check}");
    }
    assert_eq!(result(&report, "container-non-root", subject)["reason"], "image_not_seen");
    assert_eq!(status(&report, "container-secrets-not-in-environment", subject), "not_evaluated");
}

#[test]
fn what_weakens_a_pod_fails() {
    for (spec, container, check) in [
        ("hostNetwork: true", "x: 1", "container-no-host-network"),
        ("hostPID: true", "x: 1", "container-no-host-pid"),
        ("hostIPC: true", "x: 1", "container-no-host-ipc"),
        ("restartPolicy: Never", "x: 1", "container-restart-policy"),
        ("x: 1", "securityContext: {privileged: true}", "container-not-privileged"),
        ("x: 1", "securityContext: {runAsUser: 0}", "container-non-root"),
        ("securityContext: {runAsUser: 1000}", "securityContext: {runAsUser: 0}", "container-non-root"),
        ("x: 1", "securityContext: {capabilities: {add: [SYS_ADMIN]}}", "container-capabilities-minimal"),
        ("x: 1", "securityContext: {seccompProfile: {type: Unconfined}}", "container-seccomp-enabled"),
        (
            "volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}]",
            "volumeMounts: [{name: v, mountPath: /s}]",
            "container-no-engine-socket",
        ),
        (
            "volumes: [{name: v, hostPath: {path: /etc}}]",
            "volumeMounts: [{name: v, mountPath: /s}]",
            "container-no-sensitive-host-paths",
        ),
        (
            "x: 1",
            "volumeMounts: [{name: v, mountPath: /s, mountPropagation: Bidirectional}]",
            "container-mount-propagation-private",
        ),
        ("x: 1", "ports: [{containerPort: 8042, hostPort: 8042}]", "container-pacs-http-not-published"),
        ("x: 1", "env: [{name: DB_PASSWORD, value: cK8vTq2mXw9ZpR4s}]", "container-secrets-not-in-environment"),
        ("x: 1", "args: [--password, cK8vTq2mXw9ZpR4s]", "container-secrets-not-in-command"),
        ("x: 1", "env: [{name: LOG_LEVEL, value: DEBUG}]", "container-no-debug-mode"),
    ] {
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: orthanc}}\nspec:\n  {spec}\n  containers:\n    - name: orthanc\n      image: orthancteam/orthanc:1\n      {container}\n"
        );
        let report = audit(&[("pod.yaml", &pod)]);
        assert_eq!(status(&report, check, "default/Pod/orthanc/orthanc"), "fail", "{check}: {spec} {container}");
    }
}

#[test]
fn refusing_root_is_not_being_root() {
    let pod = |context: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec:\n  securityContext: {context}\n  containers: [{{name: a, image: b}}]\n"
        )
    };
    for (context, expected) in [
        ("{runAsNonRoot: true}", "pass"),
        ("{runAsUser: 1000}", "pass"),
        ("{runAsNonRoot: false}", "not_evaluated"),
        ("{runAsUser: 0}", "fail"),
        ("{runAsNonRoot: '{{ x }}'}", "not_evaluated"),
    ] {
        let report = audit(&[("pod.yaml", &pod(context))]);
        assert_eq!(status(&report, "container-non-root", "default/Pod/x/a"), expected, "{context}");
    }
}

#[test]
fn variables_come_from_config_maps_and_secrets() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: a\n      image: b\n      envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: passwords}}]\n      env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: passwords, key: token}}}]\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {LOG_LEVEL: DEBUG}\n";
    let report = audit(&[("all.yaml", &format!("{pod}---\n{map}"))]);
    assert_eq!(status(&report, "container-no-debug-mode", "default/Pod/x/a"), "fail");
    let report = audit(&[("pod.yaml", pod), ("map.yaml", map)]);
    assert_eq!(status(&report, "container-no-debug-mode", "default/Pod/x/a"), "fail");
    assert_eq!(status(&report, "container-secrets-not-in-environment", "default/Pod/x/a"), "not_evaluated");
}

#[test]
fn every_kind_of_pod_is_found() {
    let spec = "{containers: [{name: a, image: b}], initContainers: [{name: i, image: b}]}";
    for (kind, path) in [
        ("Pod", format!("spec: {spec}")),
        ("Deployment", format!("spec: {{template: {{spec: {spec}}}}}")),
        ("StatefulSet", format!("spec: {{template: {{spec: {spec}}}}}")),
        ("DaemonSet", format!("spec: {{template: {{spec: {spec}}}}}")),
        ("Job", format!("spec: {{template: {{spec: {spec}}}}}")),
        ("CronJob", format!("spec: {{jobTemplate: {{spec: {{template: {{spec: {spec}}}}}}}}}")),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: {kind}\n    metadata: {{name: x, namespace: n}}\n    {path}\n"
        );
        let report = audit(&[("x.yaml", &text)]);
        for container in ["a", "i"] {
            assert_eq!(status(&report, "container-not-privileged", &format!("n/{kind}/x/{container}")), "pass", "{kind}");
        }
        // An init container runs to its end: it has no probe and needs none.
        assert_eq!(status(&report, "container-healthcheck-defined", &format!("n/{kind}/x/i")), "not_evaluated");
    }
}

#[test]
fn json_is_yaml() {
    let text = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n  \"metadata\": {\"name\": \"x\"},\n  \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"b:1\"}]}\n}";
    for name in ["pod.yaml", "pod.json"] {
        assert_eq!(status(&audit(&[(name, text)]), "container-image-tag-fixed", "default/Pod/x/a"), "pass", "{name}");
    }
}

#[test]
fn cleartext_behind_a_balancer() {
    for (spec, expected) in [
        ("{type: LoadBalancer, ports: [{port: 80, targetPort: 8000}]}", "fail"),
        ("{type: NodePort, ports: [{port: 8042}]}", "fail"),
        ("{type: LoadBalancer, ports: [{port: 104, targetPort: 4242}]}", "fail"),
        ("{type: LoadBalancer, ports: [{port: 11112, targetPort: dicom}]}", "fail"),
        ("{type: ClusterIP, externalIPs: [10.0.0.1], ports: [{port: 8042}]}", "fail"),
        ("{type: LoadBalancer, ports: [{port: 443, targetPort: 8443}]}", "pass"),
        ("{type: LoadBalancer, ports: [{port: 2762}]}", "pass"),
        ("{type: LoadBalancer, ports: [{port: 7000, appProtocol: https}]}", "pass"),
        ("{type: LoadBalancer, ports: [{port: 443, targetPort: 8000}]}", "not_evaluated"),
        ("{type: LoadBalancer, ports: [{port: 7000}]}", "not_evaluated"),
        ("{type: ClusterIP, ports: [{port: 8042}]}", "not_applicable"),
        ("{ports: [{port: 8042}]}", "not_applicable"),
    ] {
        let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: x}}\nspec: {spec}\n");
        let report = audit(&[("s.yaml", &text)]);
        assert_eq!(status(&report, "kubernetes-service-cleartext-not-exposed", "default/Service/x"), expected, "{spec}");
    }
    let aws = "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n  annotations:\n    service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn:x\n    service.beta.kubernetes.io/aws-load-balancer-ssl-ports: '443'\nspec: {type: LoadBalancer, ports: [{port: 443, targetPort: 8000}]}\n";
    let check = "kubernetes-service-cleartext-not-exposed";
    assert_eq!(status(&audit(&[("s.yaml", aws)]), check, "default/Service/x"), "pass");
}

#[test]
fn an_ingress_needs_a_certificate_for_every_host() {
    for (spec, annotations, expected) in [
        ("{rules: [{host: a.org}]}", "{}", "fail"),
        ("{tls: [{hosts: [a.org]}], rules: [{host: a.org}]}", "{}", "pass"),
        ("{tls: [{hosts: ['*.x.org']}], rules: [{host: a.x.org}]}", "{}", "pass"),
        ("{tls: [{hosts: ['*.x.org']}], rules: [{host: b.a.x.org}]}", "{}", "fail"),
        ("{tls: [{hosts: [a.org]}], rules: [{host: a.org}, {host: b.org}]}", "{}", "fail"),
        ("{tls: [{secretName: x}], rules: [{host: a.org}]}", "{}", "pass"),
        ("{tls: [{hosts: [a.org]}], rules: [{host: a.org}]}", "{nginx.ingress.kubernetes.io/ssl-redirect: 'false'}", "fail"),
        ("{rules: [{host: a.org}]}", "{alb.ingress.kubernetes.io/certificate-arn: arn}", "pass"),
        ("{defaultBackend: {}}", "{}", "fail"),
    ] {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: x, annotations: {annotations}}}\nspec: {spec}\n"
        );
        let report = audit(&[("i.yaml", &text)]);
        let found = status(&report, "kubernetes-service-cleartext-not-exposed", "default/Ingress/x");
        assert_eq!(found, expected, "{spec} {annotations}");
    }
}

#[test]
fn annotations_are_those_of_the_controller() {
    for (annotation, expected) in [
        ("nginx.ingress.kubernetes.io/limit-rps", "pass"),
        ("nginx.ingress.kubernetes.io/rate-limit", "fail"),
        ("nginx.ingress.kubernetes.io/configuration-snippet", "fail"),
        ("nginx.ingress.kubernetes.io/enable-opentracing", "fail"),
        ("traefik.ingress.kubernetes.io/router.tls", "not_evaluated"),
        ("cert-manager.io/cluster-issuer", "not_applicable"),
    ] {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: x, annotations: {{{annotation}: '1'}}}}\nspec: {{}}\n"
        );
        let report = audit(&[("i.yaml", &text)]);
        assert_eq!(status(&report, "kubernetes-annotations-known", "default/Ingress/x"), expected, "{annotation}");
    }
}

#[test]
fn damaged_values_are_named_without_the_value() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: a\n      image: b\n      env:\n        - name: DATABASE_URL\n          value: '******db-host:5432/x'\n";
    let report = audit(&[("p.yaml", text)]);
    let found = result(&report, "kubernetes-values-wellformed", "default/Pod/x");
    assert_eq!(found["status"], "fail");
    assert!(found["message"].as_str().unwrap().contains("DATABASE_URL (line 10)"), "{found}");
    assert!(!found.to_string().contains("db-host"));
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {key: not_base64}\n";
    assert_eq!(status(&audit(&[("s.yaml", secret)]), "kubernetes-values-wellformed", "default/Secret/x"), "fail");
    let broken = "apiVersion: v1\nkind: Pod\nspec: [\n";
    assert_eq!(status(&audit(&[("b.yaml", broken)]), "kubernetes-values-wellformed", "b.yaml"), "fail");
}

const TEMPLATE: &str = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      securityContext:\n        {{- toYaml .Values.podSecurityContext | nindent 8 }}\n      containers:\n        - image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n          securityContext:\n            {{- toYaml .Values.securityContext | nindent 12 }}\n          resources:\n            {{- toYaml .Values.resources | nindent 12 }}\n";
const VALUES: &str = "image: {repository: orthanc, tag: '26.1'}\npodSecurityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}\nsecurityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: false, capabilities: {drop: [ALL]}}\nresources: {limits: {memory: 1Gi}}\nservice: {type: LoadBalancer, port: 8042}\ningress: {enabled: true, annotations: {nginx.ingress.kubernetes.io/rate-limit: '1'}, hosts: [{host: a.org}], tls: []}\n";

#[test]
fn charts_are_judged_by_their_values() {
    let report = audit(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: x\n"),
        ("chart/templates/deployment.yaml", TEMPLATE),
        ("chart/values.yaml", VALUES),
    ]);
    let values = "chart/values.yaml (values)";
    for (check, expected) in [
        ("container-non-root", "pass"),
        ("container-capabilities-dropped", "pass"),
        ("container-no-new-privileges", "pass"),
        ("container-seccomp-enabled", "pass"),
        ("container-memory-limit", "pass"),
        ("container-read-only-rootfs", "fail"),
        ("container-cpu-limit", "fail"),
        ("container-image-tag-fixed", "pass"),
        // What the template says is not known.
        ("container-no-host-network", "not_evaluated"),
        ("container-secrets-not-in-environment", "not_evaluated"),
        ("container-no-engine-socket", "not_evaluated"),
        ("container-healthcheck-defined", "not_evaluated"),
        ("kubernetes-service-cleartext-not-exposed", "fail"),
        ("kubernetes-annotations-known", "fail"),
    ] {
        assert_eq!(status(&report, check, values), expected, "{check}");
    }
    let templates = result(&report, "kubernetes-values-wellformed", "chart (templates)");
    assert_eq!(templates["reason"], "unsupported");
}

#[test]
fn values_that_no_template_hands_over_prove_nothing() {
    let template = "apiVersion: apps/v1\nkind: Deployment\nspec: {{ include \"x\" . }}\n";
    let report = audit(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: x\n"),
        ("chart/templates/d.yaml", template),
        ("chart/values.yaml", VALUES),
    ]);
    assert!(support::results(&report, "container-non-root").iter().all(|result| result["status"] == "not_evaluated"));
}
