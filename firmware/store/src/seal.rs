//! Secrets at rest: AES-256-GCM under the box key.

use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};

use crate::StoreError;

/// Bytes of the key file.
const KEY_LEN: usize = 32;

/// The key beside the store. Who has both reads everything; who has only the database, no secret.
pub(crate) struct BoxKey(LessSafeKey);

impl BoxKey {
    /// Reads the key, or draws one when there is none and nothing was sealed yet.
    pub(crate) fn load_or_make(path: &Path, must_exist: bool) -> Result<Self, StoreError> {
        let fail = |error| StoreError::from_io(path, error);
        match OpenOptions::new().read(true).open(path) {
            Ok(file) => {
                let mut bytes = Vec::with_capacity(KEY_LEN + 1);
                file.take(KEY_LEN as u64 + 1)
                    .read_to_end(&mut bytes)
                    .map_err(fail)?;
                // A crash right after the file was made leaves it empty; nothing was sealed then.
                if bytes.is_empty() && !must_exist {
                    return Self::make(path);
                }
                Self::of(&bytes).ok_or_else(|| StoreError::BoxKeyBad { path: path.into() })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if must_exist {
                    return Err(StoreError::BoxKeyMissing { path: path.into() });
                }
                Self::make(path)
            }
            Err(error) => Err(fail(error)),
        }
    }

    fn make(path: &Path) -> Result<Self, StoreError> {
        let fail = |error| StoreError::from_io(path, error);
        let mut bytes = [0_u8; KEY_LEN];
        draw(path, &mut bytes)?;
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path).map_err(fail)?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .map_err(fail)?;
        // The name must be on the disk before a secret is.
        if let Some(folder) = path.parent() {
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(fail)?;
        }
        Self::of(&bytes).ok_or_else(|| StoreError::BoxKeyBad { path: path.into() })
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_LEN).then_some(())?;
        UnboundKey::new(&AES_256_GCM, bytes)
            .ok()
            .map(|key| Self(LessSafeKey::new(key)))
    }

    /// Nonce and ciphertext of `plain`, bound to `id` and `version`: a sealed value moved to
    /// another row does not open.
    pub(crate) fn seal(
        &self,
        path: &Path,
        id: &str,
        version: u64,
        plain: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0_u8; NONCE_LEN];
        draw(path, &mut nonce)?;
        let mut body = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound(id, version)),
                &mut body,
            )
            .map_err(|_| StoreError::Sealed { id: id.into() })?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// The inverse of [`Self::seal`].
    pub(crate) fn open(
        &self,
        id: &str,
        version: u64,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let bad = || StoreError::Sealed { id: id.into() };
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(bad)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| bad())?;
        let mut body = body.to_vec();
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(bound(id, version)), &mut body)
            .map_err(|_| bad())?
            .len();
        body.truncate(plain);
        Ok(body)
    }
}

fn bound(id: &str, version: u64) -> Vec<u8> {
    let mut bytes = version.to_be_bytes().to_vec();
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

/// Fills `out` from the operating system's randomness.
fn draw(path: &Path, out: &mut [u8]) -> Result<(), StoreError> {
    rand::fill(out).map_err(|_| StoreError::Io {
        path: path.into(),
        source: std::io::Error::other("the operating system gives no randomness"),
    })
}
