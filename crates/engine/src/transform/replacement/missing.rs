//! What to try next where a replacement has no source.

use kustom_yaml::error::{Error, Kind, nearest};
use kustom_yaml::place::Span;

use super::Source;
use crate::resource::Resources;

impl Source {
    #[cold]
    pub(super) fn missing(&self, resources: &Resources) -> Error {
        let message = format!("there is no {} for this replacement", self.shown());
        let error = Error::new(Kind::Reference, message);
        let placed = |span: Span| match span.line {
            0 => self.span,
            _ => span,
        };
        let same_kind = resources
            .iter()
            .filter(|resource| resource.id().gvk.is_selected_by(&self.gvk))
            .map(|resource| resource.id().name.as_str());
        match nearest(&self.name, same_kind) {
            Some(name) if *name != *self.name => {
                let error = error.at(placed(self.name.span));
                return error.help(format!("did you mean `{name}`?"));
            }
            _ => {}
        }
        let named = resources
            .iter()
            .filter(|resource| self.name.is_empty() || *self.name == *resource.id().name)
            .map(|resource| resource.id().gvk.kind.as_str());
        let kinds: Vec<&str> = named.collect();
        let kind = nearest(&self.gvk.kind, kinds.iter().copied());
        match (kind, kinds.as_slice()) {
            (Some(kind), _) if *kind != *self.gvk.kind => error
                .at(placed(self.kind_span))
                .help(format!("did you mean `{kind}`?")),
            (None, [kind]) => error.at(placed(self.kind_span)).help(format!(
                "there is a {kind} `{}`: write `kind: {kind}`",
                self.name.text
            )),
            _ => error
                .at(self.span)
                .help("correct its group, version, kind, name or namespace"),
        }
    }
}
