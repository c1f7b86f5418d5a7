//! The `nameSuffix` field.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/namesuffix/>.

use kustom_yaml::Text;
use kustom_yaml::error::Result;

use super::prefix::rename_all;
use crate::fields::FieldSpec;
use crate::resource::{Resource, Resources};
use crate::schema::Schema;

/// Puts a suffix behind the names of all resources but those whose names mean something outside
/// the build.
///
/// # Errors
///
/// If a name is no plain value.
pub fn apply(
    resources: &mut Resources,
    suffix: &Text,
    specs: &[FieldSpec],
    schema: &Schema,
) -> Result<()> {
    let record = |resource: &mut Resource| resource.history.suffixes.push(suffix.text.clone());
    let change = |name: &str| compact_str::format_compact!("{name}{suffix}");
    rename_all(resources, specs, schema, suffix.span, record, change)
}
