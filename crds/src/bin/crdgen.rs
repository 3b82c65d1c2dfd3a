//! Writes the definitions of the API into `crds/yaml`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml");
    fs_err::create_dir_all(&folder)?;
    for (name, text) in sluice_crds::manifests() {
        fs_err::write(folder.join(name), text)?;
    }
    Ok(())
}
