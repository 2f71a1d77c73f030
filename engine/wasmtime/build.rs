//! Copies the C API's headers, with the conf.h of exactly these features, to
//! $CLOCHE_WASMTIME_INCLUDE (scripts/build-engine sets it).
use std::path::Path;
use std::{env, fs, io};

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn main() {
    println!("cargo:rerun-if-env-changed=CLOCHE_WASMTIME_INCLUDE");
    println!("cargo:rerun-if-changed=build.rs");
    let Ok(target) = env::var("CLOCHE_WASMTIME_INCLUDE") else { return };
    let headers = env::var("DEP_WASMTIME_C_API_INCLUDE").expect("the C API names its headers");
    copy_tree(Path::new(&headers), Path::new(&target)).expect("headers can be copied");
}
