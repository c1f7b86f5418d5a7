//! The table of named operators: their arguments and their functions.

use std::fmt;

use kustom_yaml::error::Result;

use super::evaluator::Evaluator;
use super::expr::{Attribute, Call};
use super::ops::{
    alias, build, compare, date, decor, encode, entries, env, load, logic, node_info, path,
    pattern, pivot, sequence, text, variable,
};
use super::scope::{Matches, Scope};
use crate::codec::Format;

/// Evaluates an operator.
type Run = fn(&mut Evaluator<'_>, &Call, &Scope) -> Result<Matches>;

/// What an operator takes in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// Nothing.
    None,
    /// An expression.
    One,
    /// An expression, or nothing.
    Optional,
    /// It is assigned to, and has no value of its own.
    Setter,
}

/// A named operator.
pub(super) struct Operator {
    /// Its names; the first one is used in messages.
    pub(super) names: &'static [&'static str],
    /// What it takes in parentheses.
    pub(super) arity: Arity,
    /// How tightly it binds what it takes.
    pub(super) precedence: u8,
    /// Whether `.key` or `[index]` may follow it.
    pub(super) is_open_ended: bool,
    /// Whether it takes a number in parentheses.
    pub(super) takes_number: bool,
    /// Whether it takes words in parentheses that are no expression.
    pub(super) takes_words: bool,
    /// What is set if it is assigned to.
    pub(super) attribute: Option<Attribute>,
    /// The expression that it stands for.
    pub(super) stands_for: Option<&'static str>,
    /// Evaluates it.
    pub(super) run: Run,
}

impl Operator {
    /// An operator that takes nothing.
    const fn plain(names: &'static [&'static str], run: Run) -> Self {
        Self {
            names,
            arity: Arity::None,
            precedence: 50,
            is_open_ended: false,
            takes_number: false,
            takes_words: false,
            attribute: None,
            stands_for: None,
            run,
        }
    }

    /// An operator that takes an expression.
    const fn with(names: &'static [&'static str], run: Run) -> Self {
        Self {
            arity: Arity::One,
            ..Self::plain(names, run)
        }
    }

    /// An attribute that can be asked for and set.
    const fn attribute(names: &'static [&'static str], attribute: Attribute, run: Run) -> Self {
        Self {
            attribute: Some(attribute),
            ..Self::plain(names, run)
        }
    }

    /// The same, to be followed by `.key` or `[index]`.
    const fn open(self) -> Self {
        Self {
            precedence: 52,
            is_open_ended: true,
            ..self
        }
    }

    /// The same, with another rank.
    const fn ranked(self, precedence: u8) -> Self {
        Self { precedence, ..self }
    }

    const fn optional(self) -> Self {
        Self {
            arity: Arity::Optional,
            ..self
        }
    }

    const fn setter(self) -> Self {
        Self {
            arity: Arity::Setter,
            ..self
        }
    }

    const fn numbered(self) -> Self {
        Self {
            takes_number: true,
            ..self
        }
    }

    const fn worded(self) -> Self {
        Self {
            takes_words: true,
            ..self
        }
    }

    const fn standing_for(self, expression: &'static str) -> Self {
        Self {
            stands_for: Some(expression),
            ..self
        }
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names[0])
    }
}

impl PartialEq for Operator {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

/// The indentation that a call asks for.
fn indent(call: &Call, otherwise: usize) -> usize {
    let wanted = call.number.and_then(|number| usize::try_from(number).ok());
    wanted.map_or(otherwise, |wanted| wanted.min(20))
}

/// All named operators.
static OPERATORS: &[Operator] = &[
    Operator::with(&["all_c"], logic::all),
    Operator::plain(&["all"], logic::all),
    Operator::with(&["any_c"], logic::any),
    Operator::plain(&["any"], logic::any),
    Operator::attribute(&["alias"], Attribute::Alias, decor::alias),
    Operator::attribute(&["anchor"], Attribute::Anchor, decor::anchor),
    Operator::plain(
        &["array_to_map", "array_tomap", "arrayto_map", "arraytomap"],
        path::path,
    )
    .standing_for("(.[] | select(. != null)) as $i ireduce ({}; .[$i | key] = $i)"),
    Operator::plain(&["@base64"], |e, _, s| encode::to(e, s, Format::Base64, 0)),
    Operator::plain(&["@base64d"], |e, c, s| {
        encode::from(e, c, s, Format::Base64)
    }),
    Operator::plain(&["@base64url"], |e, _, s| {
        encode::to(e, s, Format::Base64Url, 0)
    }),
    Operator::plain(&["@base64urld"], |e, c, s| {
        encode::from(e, c, s, Format::Base64Url)
    }),
    Operator::with(&["capture"], pattern::capture),
    Operator::with(&["collect"], build::collect),
    Operator::plain(&["column"], node_info::column),
    Operator::attribute(&["comments"], Attribute::Comments, decor::all_comments).setter(),
    Operator::with(&["contains"], compare::contains),
    Operator::with(&["del"], path::del).ranked(40),
    Operator::with(&["delpaths", "del_paths"], path::del_paths).open(),
    Operator::plain(
        &["document_index", "documentIndex", "documentindex", "di"],
        node_info::document_index,
    ),
    Operator::plain(
        &["downcase", "ascii_downcase", "asciidowncase"],
        text::downcase,
    ),
    Operator::plain(&["env"], env::env).open().worded(),
    Operator::plain(&["envsubst"], env::envsubst).worded(),
    Operator::with(&["error"], variable::error),
    Operator::with(&["eval"], variable::eval).open(),
    Operator::with(&["explode"], alias::explode).open(),
    Operator::plain(
        &["file_index", "fileIndex", "fileindex", "fi"],
        node_info::file_index,
    ),
    Operator::plain(&["filename", "file_name", "fileName"], node_info::filename),
    Operator::with(&["filter"], sequence::filter).open(),
    Operator::with(&["first"], logic::first).open().optional(),
    Operator::plain(&["flatten"], sequence::flatten)
        .open()
        .numbered(),
    Operator::attribute(
        &["foot_comment", "footComment", "footcomment"],
        Attribute::Foot,
        decor::foot_comment,
    ),
    Operator::with(&["format_datetime"], date::format),
    Operator::plain(&["from_csv", "fromcsv", "@csvd"], |e, c, s| {
        encode::from(e, c, s, Format::Csv)
    }),
    Operator::plain(
        &["from_entries", "fromEntries", "fromentries"],
        entries::from_entries,
    ),
    Operator::plain(&["from_json", "fromjson", "@jsond"], |e, c, s| {
        encode::from(e, c, s, Format::Yaml)
    }),
    Operator::plain(&["from_props", "fromprops", "@propsd"], |e, c, s| {
        encode::from(e, c, s, Format::Properties)
    }),
    Operator::plain(&["from_tsv", "fromtsv", "@tsvd"], |e, c, s| {
        encode::from(e, c, s, Format::Tsv)
    }),
    Operator::plain(&["from_unix", "fromunix"], date::from_unix),
    Operator::plain(&["from_xml", "fromxml", "@xmld"], |e, c, s| {
        encode::from(e, c, s, Format::Xml)
    }),
    Operator::plain(&["from_yaml", "fromyaml", "@yamld"], |e, c, s| {
        encode::from(e, c, s, Format::Yaml)
    }),
    Operator::with(&["group_by", "groupby"], sequence::group_by).open(),
    Operator::with(&["has"], entries::has),
    Operator::attribute(
        &["head_comment", "headComment", "headcomment"],
        Attribute::Head,
        decor::head_comment,
    ),
    Operator::plain(&["is_key", "iskey"], entries::is_key),
    Operator::with(&["join"], text::join),
    Operator::plain(&["@json"], |e, _, s| encode::to(e, s, Format::Json, 0)),
    Operator::plain(&["key"], entries::key),
    Operator::plain(&["keys"], entries::keys).open(),
    Operator::plain(&["kind"], node_info::kind),
    Operator::plain(&["length"], node_info::length),
    Operator::plain(&["line"], node_info::line),
    Operator::attribute(
        &["line_comment", "lineComment", "linecomment"],
        Attribute::Line,
        decor::line_comment,
    ),
    Operator::with(&["load"], load::yaml).open(),
    Operator::with(&["load_base64", "loadbase64"], load::base64).open(),
    Operator::with(&["load_props", "loadprops"], load::props).open(),
    Operator::with(&["load_str", "loadstr", "str_load", "strload"], load::text).ranked(52),
    Operator::with(&["load_xml", "loadxml", "xml_load", "xmlload"], load::xml).open(),
    Operator::with(&["map"], sequence::map).open(),
    Operator::with(&["map_values", "mapvalues"], sequence::map_values).open(),
    Operator::with(&["match"], pattern::matched),
    Operator::plain(&["max"], compare::max).ranked(40),
    Operator::plain(&["min"], compare::min).ranked(40),
    Operator::plain(&["not"], logic::not),
    Operator::plain(&["now"], date::now),
    Operator::with(&["omit"], entries::omit).open(),
    Operator::plain(&["parent"], path::parent).open().numbered(),
    Operator::plain(&["parents"], path::parents),
    Operator::plain(&["path"], path::path).open(),
    Operator::with(&["pick"], entries::pick).open(),
    Operator::plain(&["pivot"], pivot::pivot).open(),
    Operator::plain(&["reverse"], sequence::reverse).open(),
    Operator::plain(&["root"], path::path).standing_for("parent(-1)"),
    Operator::with(&["select"], logic::select).open(),
    Operator::with(&["setpath", "set_path"], path::set_path),
    Operator::plain(&["@sh"], |e, _, s| encode::to(e, s, Format::Sh, 0)),
    Operator::plain(&["shuffle"], sequence::shuffle).open(),
    Operator::plain(&["sort"], sequence::sort).open(),
    Operator::with(&["sort_by", "sortby"], sequence::sort).open(),
    Operator::with(&["sort_keys", "sortkeys", "sortKeys"], sequence::sort_keys).open(),
    Operator::with(&["split"], text::split_text).open(),
    Operator::plain(&["split_doc", "splitdoc", "splitDoc"], path::split_document).open(),
    Operator::plain(&["strenv"], env::strenv).open().worded(),
    Operator::attribute(&["style"], Attribute::Style, decor::style),
    Operator::with(&["sub"], pattern::sub),
    Operator::with(&["system"], text::system),
    Operator::attribute(&["tag", "type"], Attribute::Tag, decor::tag),
    Operator::with(&["test"], pattern::test),
    Operator::plain(&["to_csv", "tocsv", "@csv"], |e, _, s| {
        encode::to(e, s, Format::Csv, 0)
    }),
    Operator::plain(
        &["to_entries", "toEntries", "toentries"],
        entries::to_entries,
    )
    .open(),
    Operator::plain(&["to_json", "tojson"], |e, c, s| {
        encode::to(e, s, Format::Json, indent(c, 2))
    })
    .numbered(),
    Operator::plain(&["to_number", "tonumber"], node_info::to_number),
    Operator::plain(&["to_props", "toprops", "@props"], |e, _, s| {
        encode::to(e, s, Format::Properties, 2)
    }),
    Operator::plain(&["to_string", "tostring"], text::to_string),
    Operator::plain(&["to_tsv", "totsv", "@tsv"], |e, _, s| {
        encode::to(e, s, Format::Tsv, 0)
    }),
    Operator::plain(&["to_unix", "tounix"], date::to_unix),
    Operator::plain(&["to_xml", "toxml"], |e, c, s| {
        encode::to(e, s, Format::Xml, indent(c, 2))
    })
    .numbered(),
    Operator::plain(&["to_yaml", "toyaml", "@yaml"], |e, c, s| {
        encode::to(e, s, Format::Yaml, indent(c, 2))
    })
    .numbered(),
    Operator::plain(&["trim"], text::trim),
    Operator::with(&["tz"], date::zone),
    Operator::plain(&["unique"], sequence::unique).open(),
    Operator::with(&["unique_by", "uniqueby"], sequence::unique).open(),
    Operator::plain(&["upcase", "ascii_upcase", "asciiupcase"], text::upcase),
    Operator::plain(&["@uri"], |e, _, s| encode::to(e, s, Format::Uri, 0)),
    Operator::plain(&["@urid"], |e, c, s| encode::from(e, c, s, Format::Uri)),
    Operator::with(&["with"], variable::with).open(),
    Operator::with(&["with_dtf"], date::with_layout),
    Operator::with(
        &["with_entries", "withEntries", "withentries"],
        entries::with_entries,
    ),
    Operator::plain(&["@xml"], |e, _, s| encode::to(e, s, Format::Xml, 0)),
];

/// What words of other languages are called here.
static FOREIGN: &[(&str, &str)] = &[
    ("add", "`.[] as $item ireduce (0; . + $item)`"),
    ("def", "variables: `expression as $name | …`"),
    ("in", "`has(key)`"),
    ("last", "`.[-1]`"),
    ("limit", "a slice: `.[:n]`"),
    ("reduce", "`source as $item ireduce (start; step)`"),
    ("foreach", "`source as $item ireduce (start; step)`"),
    ("paths", "`.. | path`"),
    ("try", "`//`"),
    ("values", "`.[] | select(. != null)`"),
];

/// The operator of a name.
pub(super) fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS
        .iter()
        .find(|operator| operator.names.contains(&name))
}

/// What a name that is no operator was probably meant to be.
pub(super) fn suggestion(name: &str) -> Option<String> {
    if let Some((_, instead)) = FOREIGN.iter().find(|(foreign, _)| *foreign == name) {
        return Some(format!("use {instead}"));
    }
    let names = OPERATORS.iter().flat_map(|operator| operator.names);
    let (distance, nearest) = names
        .map(|known| (strsim::osa_distance(known, name), known))
        .min()?;
    let is_near = distance <= 1 + name.len() / 4 && distance < nearest.len();
    is_near.then(|| format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_operators() {
        let mut names: Vec<_> = OPERATORS
            .iter()
            .flat_map(|operator| operator.names)
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_near_name_is_suggested() {
        assert_eq!(
            suggestion("slect").as_deref(),
            Some("did you mean `select`?")
        );
        assert_eq!(suggestion("last").as_deref(), Some("use `.[-1]`"));
        assert_eq!(suggestion("b"), None);
    }
}
