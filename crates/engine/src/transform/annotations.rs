//! The `commonAnnotations` field.
//!
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/commonannotations/>.

use kustom_yaml::Text;
use kustom_yaml::error::Result;

use super::labels;
use crate::fields::FieldSpec;
use crate::resource::Resources;

/// Sets annotations in the fields that `specs` name.
///
/// # Errors
///
/// If something else than a map stands where annotations belong.
pub fn apply(resources: &mut Resources, pairs: &[(Text, Text)], specs: &[FieldSpec]) -> Result<()> {
    labels::apply(resources, pairs, specs)
}
