//! What a service's program is given, from small projects on disk.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::collect::compose::build::Build;
use crate::collect::compose::{assemble, layout, load};
use crate::collect::compose::{interpolate::Variables, load::Loader};
use crate::collect::program::{Look, Place};
use crate::collect::{Context, Selection};
use crate::facts::Groups;

/// The program of the service `app` of a project with these files.
fn of(files: &[(&str, &str)]) -> (Program, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    (at(folder.path()), folder)
}

fn at(folder: &Path) -> Program {
    let environment = BTreeMap::new();
    let process = Variables::new(&environment);
    let layout = layout(folder, &process).unwrap();
    let mut loader = Loader::new(&layout.directory, &layout.overrides);
    let variables = loader.default_variables(&layout.directory, &process);
    let tree = load(&mut loader, &layout, &variables).unwrap();
    let context = Context { environment: &environment, groups: &mut Groups::default(), progress: &|_| {} };
    let project = assemble(tree, layout, variables, &Selection::default(), &context);
    let (name, entry) = project.services().next().unwrap();
    let service = Service { name, at: &entry.at, node: &entry.node, project: &project, build: None };
    let build = Build::of(&service);
    program(&Service { build: build.as_ref(), ..service }, "stack").0
}

fn look(program: &Program, path: &str) -> String {
    match program.inside.look(path) {
        Look::File(file) => match &file.text {
            Ok(text) => format!("{text} [{}]", file.shown),
            Err(why) => format!("unread: {}", why.reason),
        },
        Look::Absent => "absent".into(),
        Look::Unknown(why) => format!("unknown: {}", why.reason),
    }
}

#[test]
fn environment_in_order_of_compose() {
    let (program, _folder) = of(&[
        (
            "compose.yaml",
            "services:\n  app:\n    image: x:1\n    env_file: a.env\n    environment:\n      B: two\n      C: ${NONE}\n      D: ${NONE:-d}\n      E:\n",
        ),
        ("a.env", "A=one\nB=first\n"),
    ]);
    let shown: Vec<String> =
        program.environment.iter().map(|v| format!("{}={} {}", v.name, v.value.as_deref().unwrap_or("?"), v.origin)).collect();
    assert_eq!(
        shown,
        ["A=one a.env:1", "B=two compose.yaml:6", "C=? compose.yaml:7", "D=d compose.yaml:8", "E=? compose.yaml:9"]
    );
    assert_eq!(program.environment_incomplete, None);
    let (program, _folder) = of(&[("compose.yaml", "services: {app: {image: x, env_file: [gone.env]}}")]);
    assert!(program.environment_incomplete.is_some());
}

#[test]
fn files_of_binds_configs_and_secrets() {
    let (program, _folder) = of(&[
        (
            "compose.yaml",
            "services:
  app:
    image: x:1
    command: [/config/main]
    volumes: ['./orthanc:/etc/orthanc:ro', './one.json:/config/main/one.json', './gone.json:/etc/gone.json', 'data:/var/lib/x', './data:/data', './site.conf:/else/where.conf', '/nowhere/at/all:/abs']
    configs: [c, {source: c, target: /etc/orthanc/late.json}]
    secrets: [s, t]
volumes: {data: }
configs: {c: {content: text}}
secrets: {s: {file: ./s.txt}, t: {file: ./not-there}}
",
        ),
        ("orthanc/a.json", "{}"),
        ("orthanc/sub/b.json", "[]"),
        ("one.json", "1"),
        ("site.conf", "c"),
        ("s.txt", "hush"),
        ("data/big.json", "no"),
    ]);
    assert_eq!(look(&program, "/etc/orthanc/a.json"), "{} [orthanc/a.json]");
    assert_eq!(look(&program, "/etc/orthanc/sub/b.json"), "[] [orthanc/sub/b.json]");
    assert_eq!(look(&program, "/etc/orthanc/none.json"), "absent");
    assert_eq!(look(&program, "/config/main/one.json"), "1 [one.json]");
    assert_eq!(look(&program, "/config/main/two.json"), "unknown: image_not_seen");
    assert_eq!(look(&program, "/etc/gone.json"), "absent");
    assert_eq!(look(&program, "/var/lib/x/y"), "unknown: no_target");
    assert_eq!(look(&program, "/data/big.json"), "unknown: unknown_fact");
    assert_eq!(look(&program, "/else/where.conf"), "c [site.conf]");
    assert_eq!(look(&program, "/abs/x"), "unknown: no_target");
    assert_eq!(look(&program, "/c"), "text [compose.yaml:9]");
    assert_eq!(look(&program, "/etc/orthanc/late.json"), "text [compose.yaml:9]");
    assert_eq!(look(&program, "/run/secrets/s"), "hush [s.txt]");
    assert_eq!(look(&program, "/run/secrets/t"), "unread: no_target");
    assert_eq!(look(&program, "/run/secrets/u"), "absent");
    let (files, more) = program.inside.folder("/etc/orthanc");
    assert_eq!((files.len(), more), (2, None));
    assert!(files.iter().any(|(_, file)| file.place == Place::Config));
    assert_eq!(program.words.as_deref(), Some(&["/config/main".to_owned()][..]));
}

#[test]
fn what_another_container_may_mount_leaves_nothing_sure() {
    let (program, _folder) = of(&[
        ("compose.yaml", "services: {app: {image: x, volumes: ['./o:/etc/orthanc'], volumes_from: ['container:other']}}"),
        ("o/a.json", "{}"),
    ]);
    assert_eq!(look(&program, "/etc/orthanc/a.json"), "{} [o/a.json]");
    assert_eq!(look(&program, "/etc/orthanc/b.json"), "unknown: no_target");
    assert_eq!(look(&program, "/run/secrets/b"), "unknown: no_target");
}

#[test]
fn a_mount_covers_what_lies_below_it() {
    let (program, _folder) = of(&[
        (
            "compose.yaml",
            "services: {app: {image: x, tmpfs: [/etc/orthanc/tmp], volumes: ['./sub:/etc/orthanc/sub', './o:/etc/orthanc']}}",
        ),
        ("o/sub/old.json", "old"),
        ("o/tmp/gone.json", "gone"),
        ("sub/new.json", "new"),
    ]);
    assert_eq!(look(&program, "/etc/orthanc/sub/old.json"), "absent");
    assert_eq!(look(&program, "/etc/orthanc/sub/new.json"), "new [sub/new.json]");
    assert_eq!(look(&program, "/etc/orthanc/tmp/gone.json"), "absent");
}

#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("x.json"), "x").unwrap();
    let (_, folder) = of(&[
        ("compose.yaml", "services: {app: {image: x, volumes: ['./o:/etc/orthanc', './l.json:/etc/l.json']}}"),
        ("o/a.json", "{}"),
    ]);
    std::os::unix::fs::symlink(outside.path().join("x.json"), folder.path().join("o/b.json")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("o/far")).unwrap();
    std::os::unix::fs::symlink("a.json", folder.path().join("o/near.json")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("x.json"), folder.path().join("l.json")).unwrap();
    let program = at(folder.path());
    assert_eq!(look(&program, "/etc/orthanc/b.json"), "unread: unsupported");
    assert_eq!(look(&program, "/etc/orthanc/far/x.json"), "unknown: unsupported");
    assert_eq!(look(&program, "/etc/orthanc/near.json"), "{} [o/near.json]");
    assert_eq!(look(&program, "/etc/l.json"), "unread: unsupported");
}

#[test]
fn large_and_binary_files_are_said_to_be_unread() {
    let (_, folder) = of(&[("compose.yaml", "services: {app: {image: x, volumes: ['./o:/etc/orthanc']}}"), ("o/a.json", "{}")]);
    std::fs::write(folder.path().join("o/big.json"), vec![b' '; 1024 * 1024 + 1]).unwrap();
    std::fs::write(folder.path().join("o/bin.json"), [0xff, 0xfe, 0]).unwrap();
    for i in 0..300 {
        std::fs::write(folder.path().join(format!("o/z{i}.json")), "{}").unwrap();
    }
    let program = at(folder.path());
    assert_eq!(look(&program, "/etc/orthanc/big.json"), "unread: unsupported");
    assert_eq!(look(&program, "/etc/orthanc/bin.json"), "unread: unsupported");
    assert!(program.inside.folder("/etc/orthanc").1.is_some());
}

/// The program of a built service, its Dockerfile read.
fn built(files: &[(&str, &str)]) -> (Program, tempfile::TempDir) {
    let (_, folder) = of(files);
    (at(folder.path()), folder)
}

#[test]
fn a_built_service_has_what_its_dockerfile_says() {
    let (program, _folder) = built(&[
        (
            "compose.yaml",
            "services: {app: {build: {context: ., args: {V: '24.1'}}, image: mine:1, environment: {B: own}, volumes: ['./conf:/etc/nginx/conf.d']}}",
        ),
        (
            "Dockerfile",
            "ARG V\nFROM orthancteam/orthanc:$V\nENV A=1 B=image\nLABEL a=b\nWORKDIR /etc/orthanc\nCOPY --chmod=640 one.json ./\nCOPY one.json two.json\nCOPY more/ /etc/orthanc\nRUN sed -i s/a/b/ /etc/orthanc/m2.json\nCOPY --from=x /x /run/secrets/x\nCOPY old.conf /etc/nginx/conf.d/old.conf\nCOPY <<E /etc/orthanc/here.json\n{\"h\": 1}\nE\nENTRYPOINT [\"Orthanc\"]\nCMD [\"/etc/orthanc\"]",
        ),
        ("one.json", "1"),
        ("more/m1.json", "m1"),
        ("more/m2.json", "m2"),
        ("old.conf", "old"),
        ("conf/new.conf", "new"),
    ]);
    assert_eq!(program.image_or_base(), Some("orthancteam/orthanc:24.1"));
    assert_eq!(program.image.as_deref(), Some("mine:1"));
    assert_eq!(program.words, Some(vec!["Orthanc".to_owned(), "/etc/orthanc".to_owned()]));
    let shown: Vec<String> =
        program.environment.iter().map(|v| format!("{}={} {}", v.name, v.value.as_deref().unwrap_or("?"), v.by_image)).collect();
    assert_eq!(shown, ["A=1 true", "B=image true", "B=own false"]);
    assert_eq!(look(&program, "/etc/orthanc/one.json"), "1 [one.json]");
    assert!(
        matches!(program.inside.look("/etc/orthanc/one.json"), Look::File(file) if file.mode == Some(0o640) && file.place == Place::Image)
    );
    assert_eq!(look(&program, "/etc/orthanc/two.json"), "1 [one.json]");
    assert_eq!(look(&program, "/etc/orthanc/m1.json"), "m1 [more/m1.json]");
    assert_eq!(look(&program, "/etc/orthanc/m2.json"), "unread: image_not_seen");
    assert_eq!(look(&program, "/etc/orthanc/here.json"), "{\"h\": 1}\n [Dockerfile (/etc/orthanc/here.json)]");
    assert_eq!(look(&program, "/etc/orthanc/base.json"), "unknown: image_not_seen");
    assert_eq!(look(&program, "/etc/nginx/conf.d/new.conf"), "new [conf/new.conf]");
    assert_eq!(look(&program, "/etc/nginx/conf.d/old.conf"), "absent");
    assert_eq!(look(&program, "/run/secrets/x"), "unknown: image_not_seen");
}
