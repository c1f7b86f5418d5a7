//! Texts with parameters: Go's templates, and the older `{{name}}`.

use std::collections::BTreeMap;

use kustom_gotemplate::{Failure, Meter, Options, Template, Value};
use kustom_yaml::cut::Cut as _;

use super::json::{Json, Shape, as_float};
use crate::error::{Error, Kind, Result, nearest};
use crate::place::Span;
use crate::regexp;
use crate::yaml::{Inset, Text};

/// What the templates of one ApplicationSet may cost together, in steps.
const STEPS: u64 = 50_000_000;

/// How the texts of an ApplicationSet are rendered.
pub(super) struct Renderer<'f> {
    /// The text of its file, for places within scalars.
    file: &'f str,
    /// Without it, `{{name}}` is replaced.
    go: Option<Options>,
    pub(super) meter: Meter,
}

/// How a text went wrong.
enum Wrong {
    /// A key that is not there, under `missingkey=error`.
    MissingKey(Error),
    Other(Error),
}

impl Wrong {
    fn into_error(self) -> Error {
        match self {
            Self::MissingKey(error) | Self::Other(error) => error,
        }
    }
}

fn compile(text: &str) -> std::result::Result<regex::Regex, String> {
    regexp::compile(text).map_err(|error| error.message().to_owned())
}

impl<'f> Renderer<'f> {
    /// The renderer of an ApplicationSet: `spec` is decoded.
    ///
    /// # Errors
    ///
    /// An option that Go does not know.
    pub(super) fn new(file: &'f str, spec: &Json) -> Result<Self> {
        let listed = spec.get("goTemplateOptions").map_or(&[][..], Json::items);
        let texts = listed.iter().filter_map(Json::as_str);
        let go = if spec.bool_at("goTemplate") {
            let options = Options::read(texts, compile).map_err(|wrong| {
                let message = format!("`{wrong}` is no option of Go's templates");
                let span = listed.iter().find(|option| option.as_str() == Some(wrong));
                Error::new(Kind::Template, message)
                    .at(span.map_or(spec.span, |option| option.span))
                    .help("the options are `missingkey=error`, `missingkey=zero` and `missingkey=default`")
            })?;
            Some(options)
        } else {
            None
        };
        Ok(Self {
            file,
            go,
            meter: Meter::new(STEPS),
        })
    }

    pub(super) fn is_go(&self) -> bool {
        self.go.is_some()
    }

    /// Where a byte of a scalar's text stands in the file.
    fn place(&self, text: &str, span: Span, offset: usize) -> Span {
        if span.line == 0 {
            return span;
        }
        let before = text.cut(..offset);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let inner = Span {
            source: span.source,
            line: u32::try_from(line).unwrap_or(0),
            column: u32::try_from(column).unwrap_or(0),
            ..Span::default()
        };
        let scalar = Text {
            text: text.into(),
            span,
        };
        Inset::new(self.file, &scalar).place(inner)
    }

    /// A text with its parameters.
    pub(super) fn replace(&self, text: &str, span: Span, parameters: &Value) -> Result<String> {
        self.try_replace(text, span, parameters)
            .map_err(Wrong::into_error)
    }

    fn try_replace(
        &self,
        text: &str,
        span: Span,
        parameters: &Value,
    ) -> std::result::Result<String, Wrong> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let Some(options) = &self.go else {
            return simple(text, parameters).map_err(|offset| {
                let error = Error::new(Kind::Template, "`{{` is not closed by `}}`");
                Wrong::Other(error.at(self.place(text, span, offset)))
            });
        };
        let rendered = Template::read(text)
            .and_then(|template| template.render(parameters, options, &self.meter));
        rendered.map_err(|failure| self.wrong(text, span, &failure))
    }

    fn wrong(&self, text: &str, span: Span, failure: &Failure) -> Wrong {
        let kind = if failure.is_limit {
            Kind::Limit
        } else {
            Kind::Template
        };
        let mut error =
            Error::new(kind, &failure.message).at(self.place(text, span, failure.offset));
        if let Some(help) = &failure.help {
            error = error.help(help);
        }
        let Some(key) = &failure.missing_key else {
            return Wrong::Other(error);
        };
        let help = match nearest(key, failure.keys.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "`dig` takes a value for keys that may be missing: `{{{{dig \"{key}\" \"\" .}}}}`"
            ),
        };
        Wrong::MissingKey(error.help(help))
    }

    /// A value with all its texts rendered, those of its keys too.
    ///
    /// Numbers of a value of any type pass through Go's floats, and what is null in a map is lost.
    pub(super) fn all(&self, value: &Json, parameters: &Value) -> Result<Json> {
        let shape = match &value.shape {
            Shape::Text(text) => Shape::Text(self.replace(text, value.span, parameters)?),
            Shape::Number(number) => Shape::Number(as_float(number)),
            Shape::List(items) => {
                let items = items.iter().map(|item| self.all(item, parameters));
                Shape::List(items.collect::<Result<_>>()?)
            }
            Shape::Map(map) => {
                let mut found = BTreeMap::new();
                for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                    let new = self.all(value, parameters)?;
                    found.insert(self.replace(key, value.span, parameters)?, new);
                }
                Shape::Map(found)
            }
            other => other.clone(),
        };
        Ok(Json::new(shape, value.span))
    }

    /// A generator with the parameters of another. A text under `values` of a generator may wait for
    /// parameters that are not there yet.
    pub(super) fn generator(&self, value: &Json, parameters: &Value) -> Result<Json> {
        let Shape::Map(map) = &value.shape else {
            return self.all(value, parameters);
        };
        let mut found = BTreeMap::new();
        for (key, value) in map {
            let new = match (key.as_str(), &value.shape) {
                ("values", Shape::Map(values)) => self.values(values, value.span, parameters)?,
                ("matrix" | "merge" | "git", _) => self.generator(value, parameters)?,
                ("generators", Shape::List(items)) => {
                    let items = items.iter().map(|item| self.generator(item, parameters));
                    Json::new(Shape::List(items.collect::<Result<_>>()?), value.span)
                }
                _ => self.all(value, parameters)?,
            };
            found.insert(key.clone(), new);
        }
        Ok(Json::new(Shape::Map(found), value.span))
    }

    fn values(
        &self,
        values: &BTreeMap<String, Json>,
        span: Span,
        parameters: &Value,
    ) -> Result<Json> {
        let strict = Self {
            file: self.file,
            go: self.go.map(|options| Options {
                missing_key: kustom_gotemplate::MissingKey::Error,
                ..options
            }),
            meter: Meter::new(STEPS),
        };
        let mut found = BTreeMap::new();
        for (key, value) in values {
            let text = value.as_str().unwrap_or_default();
            let new = match strict.try_replace(text, value.span, parameters) {
                Ok(new) => Json::text(new, value.span),
                Err(Wrong::MissingKey(_)) => value.clone(),
                Err(Wrong::Other(error)) => return Err(error),
            };
            found.insert(key.clone(), new);
        }
        Ok(Json::new(Shape::Map(found), span))
    }
}

/// `{{name}}` replaced by parameters that are texts; any other tag stays. Without an end of a tag, where
/// it begins.
///
/// A text whose `{{` and `}}` stand on different lines only is no template.
/// Source: <https://pkg.go.dev/github.com/valyala/fasttemplate>.
fn simple(text: &str, parameters: &Value) -> std::result::Result<String, usize> {
    let is_templated = text.lines().any(|line| {
        let start = line.find("{{");
        start.is_some_and(|start| line.cut(start + 2..).contains("}}"))
    });
    if !is_templated {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(start) = text.cut(at..).find("{{").map(|offset| at + offset) {
        out.push_str(text.cut(at..start));
        let inner = start + 2;
        let length = text.cut(inner..).find("}}").ok_or(start)?;
        let tag = text.cut(inner..inner + length);
        let name = tag.trim();
        let value = Some(name)
            .filter(|name| !name.is_empty())
            .and_then(|name| parameters.get(name));
        match value.as_ref().and_then(Value::as_str) {
            Some(value) => out.push_str(value),
            None => {
                out.push_str("{{");
                out.push_str(tag);
                out.push_str("}}");
            }
        }
        at = inner + length + 2;
    }
    out.push_str(text.cut(at..));
    Ok(out)
}
