//! Finds values that are secret because of their field, and decodes them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::path::Path;
use crate::guard::is_field_with_secrets;
use crate::resource::Resource;
use crate::yaml::Node;

/// The annotation in which `kubectl apply` keeps the whole object, secrets and all.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What `kubectl diff` shows in the place of a secret.
const MASKS: [&str; 3] = ["***", "*** (before)", "*** (after)"];

/// Whether a value is a secret because of where it stands.
pub(super) fn is_secret(resource: &Resource, path: &Path) -> bool {
    let gvk = &resource.id().gvk;
    let mut fields = path.fields();
    let in_field = match fields.next() {
        Some("data" | "stringData") => fields.next().is_some(),
        Some(field) => is_field_with_secrets(field),
        None => false,
    };
    let in_secret = gvk.kind == "Secret" && gvk.group.is_empty() && in_field;
    in_secret || path.fields().next_back() == Some(LAST_APPLIED)
}

/// Whether a text is no secret but what kubectl shows of one.
pub(super) fn is_mask(text: &str) -> bool {
    MASKS.contains(&text)
}

/// A secret as it is used: what is in `data` is base64, as the API server reads it.
pub(super) fn clear(path: &Path, node: &Node) -> Vec<u8> {
    let text = node.text().unwrap_or_default();
    if path.fields().next() == Some("data") {
        // The server skips the ends of lines, and nothing else.
        let bare = text.replace(['\r', '\n'], "");
        decode(&bare, DecodePaddingMode::RequireCanonical).unwrap_or_else(|| text.into())
    } else {
        text.into()
    }
}

/// Base64 with white space anywhere, padded or not.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let bare: String = text.split_whitespace().collect();
    decode(&bare, DecodePaddingMode::Indifferent)
}

fn decode(text: &str, padding: DecodePaddingMode) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(padding)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, lenient).decode(text).ok()
}
