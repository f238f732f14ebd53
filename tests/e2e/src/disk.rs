//! A file system of a test's own, full or read-only when it wants: the test runs itself again in
//! a mount namespace, where it may mount, as root or not (`unshare(1)`, `user_namespaces(7)`).

use std::{
    env,
    ffi::OsStr,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

/// Says inside of the namespace where the file system is.
const VARIABLE: &str = "CENTRALKA_E2E_DISK";

/// A small file system that only one test uses.
#[derive(Debug)]
pub struct Disk(PathBuf);

impl Disk {
    /// Runs the test `name` (with its module) again on a file system of `mebibytes`, in which all its
    /// folders are. `None` when that was done, and well; the test ends there then.
    ///
    /// # Panics
    /// When the test fails in there, or the system lets nobody mount anything.
    #[must_use]
    #[track_caller]
    pub fn of_test(name: &str, mebibytes: u32) -> Option<Self> {
        if let Some(there) = env::var_os(VARIABLE) {
            return Some(Self(there.into()));
        }
        let place = env::temp_dir().join(format!("centralka-disk-{}", name.replace(':', "-")));
        fs::create_dir_all(&place).expect("the folder for temporary files can be written");
        let mounted = format!(
            "mount -t tmpfs -o size={mebibytes}m tmpfs \"$TMPDIR\" && exec \"$0\" --exact \"$1\" --nocapture"
        );
        let output = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c"])
            .arg(mounted)
            .arg(env::current_exe().expect("the test runs from a file"))
            .arg(name)
            .env("TMPDIR", &place)
            .env(VARIABLE, &place)
            .output()
            .expect("unshare comes with util-linux");
        let _ = fs::remove_dir(&place);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && told.contains("1 passed"),
            "{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        None
    }

    /// Writes until nothing more fits.
    ///
    /// # Panics
    /// When it cannot be written for another reason.
    pub fn fill(&self) {
        let filler = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler());
        let mut file = filler.expect("a file can be opened");
        // The last octets too: less and less at a time.
        for piece in [1 << 20, 4_096, 1] {
            let zeros = vec![0; piece];
            let full = loop {
                if let Err(error) = file.write_all(&zeros) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull);
        }
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not full.
    pub fn relieve(&self) {
        fs::remove_file(self.filler()).expect("it was filled");
    }

    /// From now on nobody may write there.
    ///
    /// # Panics
    /// When somebody has a file open for writing.
    #[track_caller]
    pub fn write_protect(&self) {
        let options = [OsStr::new("-o"), OsStr::new("remount,ro")];
        let mut command = Command::new("mount");
        let status = command.args(options).arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()), "{command:?}");
    }

    fn filler(&self) -> PathBuf {
        Path::new(&self.0).join("filler")
    }
}
