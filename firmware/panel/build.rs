//! Lists the files of the built web-ui for `src/assets.rs`. Without the feature `embed-ui`, or
//! without a build, the list is empty and a placeholder page is served.

use std::{
    env::var_os,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui/dist");
    let mut files = Vec::new();
    if var_os("CARGO_FEATURE_EMBED_UI").is_some() {
        println!("cargo::rerun-if-changed={}", dist.display());
        if dist.join("index.html").is_file() {
            collect(&dist, &mut files);
        } else {
            println!(
                "cargo::warning=web-ui/dist is missing: run `npm ci && npm run build` in web-ui; a placeholder page is embedded"
            );
        }
    }
    files.sort();
    let mut list = String::from("pub(crate) static FILES: &[File] = &[\n");
    for file in files.iter().filter(|file| !is_packed(file)) {
        let path = file.strip_prefix(&dist).unwrap_or(file);
        let packed = |suffix: &str| {
            let path = PathBuf::from(format!("{}.{suffix}", file.display()));
            if files.contains(&path) {
                format!("Some(include_bytes!({path:?}))")
            } else {
                "None".into()
            }
        };
        let _ = writeln!(
            list,
            "File {{ path: {:?}, plain: include_bytes!({file:?}), br: {}, gz: {} }},",
            format!("/{}", path.display()),
            packed("br"),
            packed("gz"),
        );
    }
    list.push_str("];\n");
    let out = PathBuf::from(var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    fs::write(out.join("files.rs"), list).expect("OUT_DIR can be written");
}

fn is_packed(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "br" || e == "gz")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
