//! Fetches what others made while the compiler works: one waits for the network, the other for the
//! processor.

use std::path::Path;
use std::thread::JoinHandle;

use crate::process::Outcome;
use crate::suite::Group;
use crate::tools::{self, Tool};
use crate::{conformance, fhir, makers, readers, s3, stripe, webhooks};

/// What the browser tests need, which no test before them does.
pub(crate) const BROWSERS: [Tool; 2] = [Tool::Chromium, Tool::Firefox];

/// What is being fetched. It is waited for at the end, whatever happens: nothing that was started
/// is left behind.
pub(crate) struct Ahead(Option<JoinHandle<()>>);

impl Ahead {
    /// Begins with what these groups need, in the order in which they need it.
    pub(crate) fn start(root: &Path, groups: &[Group]) -> Self {
        let (root, groups) = (root.to_path_buf(), groups.to_vec());
        Self(Some(std::thread::spawn(move || fetch(&root, &groups))))
    }

    /// Waits until all is there, as far as it can be had.
    pub(crate) fn wait(&mut self) -> Outcome<()> {
        let ended = self.0.take().map_or(Ok(()), JoinHandle::join);
        ended.map_err(|_| "what others made was not fetched to its end".to_owned())
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // A panic was told of where it happened.
        let _ = self.wait();
    }
}

/// The steps that need these things fetch them again: that does nothing when they are there, and
/// tells what is wrong when they are not.
fn fetch(root: &Path, groups: &[Group]) {
    let wants = |group| groups.contains(&group);
    if wants(Group::Rust) {
        let _ = stripe::clients(root);
        let _ = webhooks::libraries(root);
        let _ = fhir::models(root);
        let _ = makers::makers(root);
        let _ = s3::python(root);
    }
    if wants(Group::Readers) {
        let _ = readers::python(root);
    }
    if wants(Group::Interface) {
        let _ = conformance::python(root);
    }
    if wants(Group::Browser) {
        let _ = tools::ensure(&BROWSERS);
        let _ = tools::ensure_node_packages(&root.join("e2e"), tools::NODE_MAJOR_MIN);
    }
}
