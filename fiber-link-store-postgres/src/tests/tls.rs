//! TLS to the database: whose word is taken for who it is.

use super::*;
use crate::OpenError;
use fiber_link_core::Store;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};

/// An authority that signs certificates, and the file with its own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let root = std::env::temp_dir().join(format!("fiber-link-root-{}-{name}", std::process::id()));
        std::fs::write(&root, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), root }
    }

    /// A server with a certificate for this host.
    fn server(&self, host: &str) -> Cluster {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &self.issuer).unwrap();
        Cluster::start_with_tls(&certificate.pem(), &key.serialize_pem())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        std::fs::remove_file(&self.root).ok();
    }
}

/// Opens the store as an address says.
async fn open(cluster: &Cluster, mode: &str, root: Option<&Path>) -> Result<PostgresStore, OpenError> {
    let root = root.map(|root| format!("&sslrootcert={}", root.display())).unwrap_or_default();
    let url = format!("{}?sslmode={mode}{root}", cluster.url());
    PostgresStore::connect(&url, Schema::default(), &PoolSettings::default()).await
}

#[track_caller]
fn assert_refused(opened: Result<PostgresStore, OpenError>, why: &str) {
    let told = causes(&opened.unwrap_err());
    assert!(told.contains("no connection to the database") && told.contains(why), "{told}");
}

#[tokio::test]
async fn a_certificate_is_believed_if_it_is_asked_for_and_signed_by_the_right_authority() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let cluster = ours.server("127.0.0.1");
    let pool = PoolSettings::default().pool(&format!("{}?sslmode=require", cluster.url())).unwrap();
    Schema::default().migrate(&pool).await.unwrap();

    let (our_root, their_root) = (Some(ours.root.as_path()), Some(theirs.root.as_path()));
    for (mode, root) in
        [("verify-full", our_root), ("verify-ca", our_root), ("require", None), ("prefer", None)]
    {
        let store = open(&cluster, mode, root).await.unwrap();
        assert_eq!(store.find_hub().await.unwrap(), None);
        let encrypted = "SELECT count(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
        assert_eq!(number(&store, encrypted).await, 1, "{mode}");
    }
    for mode in ["verify-full", "verify-ca"] {
        assert_refused(open(&cluster, mode, their_root).await, "certificate");
        assert_refused(open(&cluster, mode, None).await, "certificate");
    }
    assert_refused(open(&cluster, "disable", None).await, "no encryption");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_where_the_host_counts() {
    let ours = Authority::new("host");
    let cluster = ours.server("db.example");
    let pool = PoolSettings::default().pool(&format!("{}?sslmode=require", cluster.url())).unwrap();
    Schema::default().migrate(&pool).await.unwrap();
    assert_refused(open(&cluster, "verify-full", Some(&ours.root)).await, "certificate");
    open(&cluster, "verify-ca", Some(&ours.root)).await.unwrap();
}
