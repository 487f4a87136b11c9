use super::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

#[test]
fn the_shipped_files_are_read() {
    assert!(orthanc_keys().iter().count() > 120);
    assert!(orthanc_environment().plugins.len() > 20);
    assert!(orthanc_images().find("orthancteam/orthanc:24.1.2").is_some());
    assert!(orthanc_images().releases.windows(2).all(|pair| pair[0].tag < pair[1].tag && pair[0].orthanc < pair[1].orthanc));
    for path in orthanc_environment().legacy.values() {
        let (head, tail) = path.split_once('.').map_or((path.as_str(), None), |(head, tail)| (head, Some(tail)));
        assert!(orthanc_keys().top().any(|top| top == head), "{path}");
        assert!(tail.is_some() || orthanc_keys().find(head).is_some(), "{path}");
    }
}

#[test]
fn names_are_converted_as_the_start_script_does() {
    let path = |name| orthanc_environment().path(name).map(|path| path.join("."));
    for (name, wanted) in [
        ("ORTHANC__NAME", "Name"),
        ("ORTHANC__DICOM_WEB__STUDIES_METADATA", "DicomWeb.StudiesMetadata"),
        ("ORTHANC__POSTGRESQL__PASSWORD", "PostgreSQL.Password"),
        ("ORTHANC__POSTGRESQL__SOMETHING_NEW", "PostgreSQL.SomethingNew"),
        ("ORTHANC__MYSQL__SSL_CA_CERTIFICATES", "MySQL.SslCACertificates"),
        ("ORTHANC__CASE_SENSITIVE_PN", "CaseSensitivePN"),
        ("ORTHANC__HTTPS_CA_CERTIFICATES", "HttpsCACertificates"),
        ("ORTHANC__STORE_MD5_FOR_ATTACHMENTS", "StoreMD5ForAttachments"),
        ("ORTHANC__ORTHANC_EXPLORER_2__IS_DEFAULT_ORTHANC_UI", "OrthancExplorer2.IsDefaultOrthancUI"),
        ("ORTHANC__ORTHANC_EXPLORER_2__ENABLE_LINK_TO_LEGACY_UI", "OrthancExplorer2.EnableLinkToLegacyUi"),
        ("OE2_ENABLED", "OrthancExplorer2.IsDefaultOrthancUI"),
        ("ORTHANC__OHIF", "OHIF"),
        ("AC_AUTHENTICATION_ENABLED", "AuthenticationEnabled"),
        // The traps: none of these is a key of Orthanc.
        ("ORTHANC__WEBDAV_ENABLED", "WebdavEnabled"),
        ("ORTHANC__WEB_DAV_ENABLED", "WebDavEnabled"),
        ("ORTHANC__DICOMWEB__ENABLE", "Dicomweb.Enable"),
        ("ORTHANC__REST_API_WRITE_TO_FILESYSTEM_ENABLED", "RestApiWriteToFilesystemEnabled"),
        ("ORTHANC__AUTHENTICATION__ENABLED", "Authentication.Enabled"),
        ("ORTHANC__STL__ENABLE", "Stl.Enable"),
        ("ORTHANC__DICOM_WEB__ENABLEWADO", "DicomWeb.Enablewado"),
        ("ORTHANC__name", "name"),
        ("ORTHANC__dicom_WEB__rOOT", "dicomWeb.root"),
    ] {
        assert_eq!(path(name).as_deref(), Some(wanted), "{name}");
    }
    assert_eq!(path("ORTHANC_NAME"), None);
    assert_eq!(path("PATH"), None);
}

#[test]
fn tags_tell_versions() {
    let exact = |reference| orthanc_images().versions(reference).exact().map(|v| v.to_string());
    for (reference, wanted) in [
        ("jodogne/orthanc:1.5.7", "1.5.7"),
        ("docker.io/jodogne/orthanc-plugins:1.12.8", "1.12.8"),
        ("orthancteam/orthanc:24.1.2", "1.12.2"),
        ("orthancteam/orthanc:22.3.0-full", "1.10.1"),
        ("osimis/orthanc:20.4.1", "1.6.1"),
        ("orthancteam/orthanc:26.8.0", "1.13.0"),
    ] {
        assert_eq!(exact(reference).as_deref(), Some(wanted), "{reference}");
    }
    assert_eq!(orthanc_images().versions("orthancteam/orthanc:latest").at_least(version("1.12.0")), Some(true));
    assert_eq!(orthanc_images().versions("orthancteam/orthanc:prod").at_least(version("1.12.0")), None);
    assert_eq!(orthanc_images().versions("orthancteam/orthanc@sha256:00").at_least(version("1.12.0")), None);
    for reference in ["orthancteam/orthanc", "jodogne/orthanc:latest", "clinic/orthanc:1.12.8", "orthancteam/orthanc:25.8.2"] {
        assert_eq!(exact(reference), None, "{reference}");
    }
    let later = orthanc_images().versions("orthancteam/orthanc:25.8.2");
    assert_eq!(later, VersionRange { floor: Some(version("1.12.6")), ceiling: Some(version("1.13.0")) });
    assert_eq!(later.at_least(version("1.5.8")), Some(true));
    assert_eq!(later.at_least(version("1.12.9")), None);
    assert_eq!(orthanc_images().versions("osimis/orthanc").at_least(version("1.13.0")), Some(false));
}

#[test]
fn a_backport_is_more_than_its_version() {
    let has = |package| orthanc_images().backported("RestApiWriteToFileSystemEnabled", package);
    assert!(has("1.10.1+dfsg-2+deb12u1"));
    assert!(!has("1.10.1+dfsg-2"));
    assert!(!has("1.10.1+dfsg-2+deb12u"));
    assert!(!orthanc_images().backported("ExecuteLuaEnabled", "1.10.1+dfsg-2+deb12u1"));
}
