//! The types of expressions.

use super::parse::{Expr, qualified};
use super::types::Ty;

/// Functions that stand alone: name, arguments, result.
///
/// Types are written by their names; `any` is every type, `list`, `map` and `optional` any of theirs.
const FUNCTIONS: &[(&str, &[&str], &str)] = &[
    ("size", &["string"], "int"),
    ("size", &["bytes"], "int"),
    ("size", &["list"], "int"),
    ("size", &["map"], "int"),
    ("type", &["any"], "type"),
    ("dyn", &["any"], "dyn"),
    ("bool", &["bool"], "bool"),
    ("bool", &["string"], "bool"),
    ("bytes", &["bytes"], "bytes"),
    ("bytes", &["string"], "bytes"),
    ("double", &["number"], "double"),
    ("double", &["string"], "double"),
    ("duration", &["duration"], "duration"),
    ("duration", &["string"], "duration"),
    ("int", &["number"], "int"),
    ("int", &["string"], "int"),
    ("int", &["timestamp"], "int"),
    ("int", &["duration"], "int"),
    ("uint", &["number"], "uint"),
    ("uint", &["string"], "uint"),
    ("string", &["number"], "string"),
    ("string", &["bool"], "string"),
    ("string", &["string"], "string"),
    ("string", &["bytes"], "string"),
    ("string", &["timestamp"], "string"),
    ("string", &["duration"], "string"),
    ("string", &["ip"], "string"),
    ("string", &["cidr"], "string"),
    ("timestamp", &["string"], "timestamp"),
    ("timestamp", &["timestamp"], "timestamp"),
    ("timestamp", &["int"], "timestamp"),
    ("matches", &["string", "string"], "bool"),
    ("url", &["string"], "url"),
    ("isURL", &["string"], "bool"),
    ("quantity", &["string"], "quantity"),
    ("isQuantity", &["string"], "bool"),
    ("ip", &["string"], "ip"),
    ("isIP", &["string"], "bool"),
    ("ip.isCanonical", &["string"], "bool"),
    ("cidr", &["string"], "cidr"),
    ("isCIDR", &["string"], "bool"),
    ("semver", &["string"], "semver"),
    ("semver", &["string", "bool"], "semver"),
    ("isSemver", &["string"], "bool"),
    ("isSemver", &["string", "bool"], "bool"),
    ("optional.of", &["any"], "optional"),
    ("optional.ofNonZeroValue", &["any"], "optional"),
    ("optional.none", &[], "optional"),
    ("sets.contains", &["list", "list"], "bool"),
    ("sets.intersects", &["list", "list"], "bool"),
    ("sets.equivalent", &["list", "list"], "bool"),
    ("format.named", &["string"], "optional"),
    ("jsonpatch.escapeKey", &["string"], "string"),
];

/// The formats that are known by name.
const FORMATS: &[&str] = &[
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

/// Functions of a value: its type, name, arguments, result. `T` is the type of a list's elements or
/// of what an optional value holds, `self` that of the value.
const METHODS: &[(&str, &str, &[&str], &str)] = &[
    ("string", "size", &[], "int"),
    ("bytes", "size", &[], "int"),
    ("list", "size", &[], "int"),
    ("map", "size", &[], "int"),
    ("string", "contains", &["string"], "bool"),
    ("string", "startsWith", &["string"], "bool"),
    ("string", "endsWith", &["string"], "bool"),
    ("string", "matches", &["string"], "bool"),
    ("string", "charAt", &["int"], "string"),
    ("string", "indexOf", &["string"], "int"),
    ("string", "indexOf", &["string", "int"], "int"),
    ("string", "lastIndexOf", &["string"], "int"),
    ("string", "lastIndexOf", &["string", "int"], "int"),
    ("string", "lowerAscii", &[], "string"),
    ("string", "upperAscii", &[], "string"),
    ("string", "replace", &["string", "string"], "string"),
    ("string", "replace", &["string", "string", "int"], "string"),
    ("string", "split", &["string"], "list(string)"),
    ("string", "split", &["string", "int"], "list(string)"),
    ("string", "substring", &["int"], "string"),
    ("string", "substring", &["int", "int"], "string"),
    ("string", "trim", &[], "string"),
    ("string", "format", &["list"], "string"),
    ("string", "find", &["string"], "string"),
    ("string", "findAll", &["string"], "list(string)"),
    ("string", "findAll", &["string", "int"], "list(string)"),
    ("string", "reverse", &[], "string"),
    ("list", "join", &[], "string"),
    ("list", "join", &["string"], "string"),
    ("list", "isSorted", &[], "bool"),
    ("list", "sum", &[], "T"),
    ("list", "min", &[], "T"),
    ("list", "max", &[], "T"),
    ("list", "indexOf", &["any"], "int"),
    ("list", "lastIndexOf", &["any"], "int"),
    ("timestamp", "getFullYear", &["zone?"], "int"),
    ("timestamp", "getMonth", &["zone?"], "int"),
    ("timestamp", "getDate", &["zone?"], "int"),
    ("timestamp", "getDayOfMonth", &["zone?"], "int"),
    ("timestamp", "getDayOfWeek", &["zone?"], "int"),
    ("timestamp", "getDayOfYear", &["zone?"], "int"),
    ("timestamp", "getHours", &["zone?"], "int"),
    ("timestamp", "getMinutes", &["zone?"], "int"),
    ("timestamp", "getSeconds", &["zone?"], "int"),
    ("timestamp", "getMilliseconds", &["zone?"], "int"),
    ("duration", "getHours", &[], "int"),
    ("duration", "getMinutes", &[], "int"),
    ("duration", "getSeconds", &[], "int"),
    ("duration", "getMilliseconds", &[], "int"),
    ("url", "getScheme", &[], "string"),
    ("url", "getHost", &[], "string"),
    ("url", "getHostname", &[], "string"),
    ("url", "getPort", &[], "string"),
    ("url", "getEscapedPath", &[], "string"),
    ("url", "getQuery", &[], "map(list(string))"),
    ("quantity", "isInteger", &[], "bool"),
    ("quantity", "asInteger", &[], "int"),
    ("quantity", "asApproximateFloat", &[], "double"),
    ("quantity", "sign", &[], "int"),
    ("quantity", "isGreaterThan", &["quantity"], "bool"),
    ("quantity", "isLessThan", &["quantity"], "bool"),
    ("quantity", "compareTo", &["quantity"], "int"),
    ("quantity", "add", &["quantity"], "quantity"),
    ("quantity", "add", &["int"], "quantity"),
    ("quantity", "sub", &["quantity"], "quantity"),
    ("quantity", "sub", &["int"], "quantity"),
    ("ip", "family", &[], "int"),
    ("ip", "isUnspecified", &[], "bool"),
    ("ip", "isLoopback", &[], "bool"),
    ("ip", "isLinkLocalMulticast", &[], "bool"),
    ("ip", "isLinkLocalUnicast", &[], "bool"),
    ("ip", "isGlobalUnicast", &[], "bool"),
    ("cidr", "containsIP", &["ip"], "bool"),
    ("cidr", "containsIP", &["string"], "bool"),
    ("cidr", "containsCIDR", &["cidr"], "bool"),
    ("cidr", "containsCIDR", &["string"], "bool"),
    ("cidr", "ip", &[], "ip"),
    ("cidr", "masked", &[], "cidr"),
    ("cidr", "prefixLength", &[], "int"),
    ("semver", "major", &[], "int"),
    ("semver", "minor", &[], "int"),
    ("semver", "patch", &[], "int"),
    ("semver", "isGreaterThan", &["semver"], "bool"),
    ("semver", "isLessThan", &["semver"], "bool"),
    ("semver", "compareTo", &["semver"], "int"),
    ("format", "validate", &["string"], "optional(list(string))"),
    ("optional", "hasValue", &[], "bool"),
    ("optional", "value", &[], "T"),
    ("optional", "orValue", &["any"], "T"),
    ("optional", "or", &["optional"], "self"),
    ("authorizer", "path", &["string"], "path_check"),
    ("authorizer", "group", &["string"], "group_check"),
    (
        "authorizer",
        "serviceAccount",
        &["string", "string"],
        "authorizer",
    ),
    ("authorizer", "requestResource", &[], "resource_check"),
    ("path_check", "check", &["string"], "decision"),
    ("group_check", "resource", &["string"], "resource_check"),
    (
        "resource_check",
        "subresource",
        &["string"],
        "resource_check",
    ),
    ("resource_check", "namespace", &["string"], "resource_check"),
    ("resource_check", "name", &["string"], "resource_check"),
    (
        "resource_check",
        "fieldSelector",
        &["string"],
        "resource_check",
    ),
    (
        "resource_check",
        "labelSelector",
        &["string"],
        "resource_check",
    ),
    ("resource_check", "check", &["string"], "decision"),
    ("decision", "allowed", &[], "bool"),
    ("decision", "errored", &[], "bool"),
    ("decision", "error", &[], "string"),
    ("decision", "reason", &[], "string"),
];

/// Types of the libraries, by name.
const LIBRARY: &[&str] = &[
    "url",
    "quantity",
    "ip",
    "cidr",
    "semver",
    "format",
    "authorizer",
    "path_check",
    "group_check",
    "resource_check",
    "decision",
];

/// Tells the type of an expression in which some variables are known.
pub(crate) fn check(expression: &Expr, variables: &[(&str, Ty)]) -> Result<Ty, String> {
    let mut checker = Checker {
        scope: variables
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), kind.clone()))
            .collect(),
    };
    checker.kind(expression)
}

struct Checker {
    scope: Vec<(String, Ty)>,
}

impl Checker {
    fn kind(&mut self, expression: &Expr) -> Result<Ty, String> {
        Ok(match expression {
            Expr::Null => Ty::Null,
            Expr::Bool(_) => Ty::Bool,
            Expr::Int(_) => Ty::Int,
            Expr::Uint(_) => Ty::Uint,
            Expr::Double(_) => Ty::Double,
            Expr::Text(_) => Ty::Text,
            Expr::Bytes(_) => Ty::Bytes,
            Expr::Name(name) => self.name(name)?,
            Expr::Field(inner, name, optional) => self.field(inner, name, *optional)?,
            Expr::Index(inner, index, optional) => {
                let found = self.index(inner, index)?;
                if *optional {
                    Ty::Optional(Box::new(found))
                } else {
                    found
                }
            }
            Expr::Call(receiver, name, arguments) => {
                self.call(receiver.as_deref(), name, arguments)?
            }
            Expr::List(items) => {
                let mut element: Option<Ty> = None;
                for item in items {
                    let found = self.kind(item)?;
                    element = Some(element.map_or(found.clone(), |kind| kind.join(&found)));
                }
                Ty::list(element.unwrap_or(Ty::Dyn))
            }
            Expr::Map(entries) => {
                let (mut keys, mut values): (Option<Ty>, Option<Ty>) = (None, None);
                for (key, value) in entries {
                    let (key, value) = (self.kind(key)?, self.kind(value)?);
                    keys = Some(keys.map_or(key.clone(), |kind| kind.join(&key)));
                    values = Some(values.map_or(value.clone(), |kind| kind.join(&value)));
                }
                Ty::Map(
                    Box::new(keys.unwrap_or(Ty::Dyn)),
                    Box::new(values.unwrap_or(Ty::Dyn)),
                )
            }
            Expr::Message(name, fields) => {
                for (_, value) in fields {
                    self.kind(value)?;
                }
                if name != "Object" && !name.starts_with("Object.") && name != "JSONPatch" {
                    return Err(format!("there is no type `{name}`"));
                }
                Ty::Message(name.clone())
            }
            Expr::Not(inner) => {
                self.expect(inner, &Ty::Bool, "!")?;
                Ty::Bool
            }
            Expr::Minus(inner) => match self.kind(inner)? {
                found @ (Ty::Int | Ty::Double | Ty::Dyn | Ty::Duration) => found,
                other => return Err(no_overload("-", &[other])),
            },
            Expr::Binary(operator, left, right) => self.binary(operator, left, right)?,
            Expr::If(condition, yes, no) => {
                self.expect(condition, &Ty::Bool, "?:")?;
                let (yes, no) = (self.kind(yes)?, self.kind(no)?);
                if !yes.takes(&no) {
                    return Err(no_overload("?:", &[yes, no]));
                }
                yes.join(&no)
            }
        })
    }

    fn expect(&mut self, expression: &Expr, wanted: &Ty, operator: &str) -> Result<(), String> {
        let found = self.kind(expression)?;
        if wanted.takes(&found) {
            Ok(())
        } else {
            Err(no_overload(operator, &[found]))
        }
    }

    fn name(&self, name: &str) -> Result<Ty, String> {
        if let Some((_, kind)) = self.scope.iter().rev().find(|(known, _)| known == name) {
            return Ok(kind.clone());
        }
        let types = [
            "bool",
            "int",
            "uint",
            "double",
            "string",
            "bytes",
            "list",
            "map",
            "null_type",
            "type",
        ];
        if types.contains(&name) {
            return Ok(Ty::Type);
        }
        Err(format!("`{name}` is not defined"))
    }

    fn field(&mut self, inner: &Expr, name: &str, optional: bool) -> Result<Ty, String> {
        let of = self.kind(inner)?;
        let (of, wraps) = match of {
            Ty::Optional(inner) => (*inner, true),
            other => (other, false),
        };
        let found = match &of {
            Ty::Dyn => Ty::Dyn,
            Ty::Message(_) => Ty::Dyn,
            Ty::Map(_, value) => (**value).clone(),
            Ty::Object(fields) => match fields.fields.iter().find(|(field, _)| field == name) {
                Some((_, kind)) => kind.clone(),
                None => return Err(format!("there is no field `{name}`")),
            },
            other => {
                return Err(format!(
                    "`{}` has no fields, and so no `{name}`",
                    other.name()
                ));
            }
        };
        Ok(if optional || wraps {
            Ty::Optional(Box::new(found))
        } else {
            found
        })
    }

    fn index(&mut self, inner: &Expr, index: &Expr) -> Result<Ty, String> {
        let (of, by) = (self.kind(inner)?, self.kind(index)?);
        let of = match of {
            Ty::Optional(inner) => *inner,
            other => other,
        };
        match &of {
            Ty::Dyn => Ok(Ty::Dyn),
            Ty::List(element) if Ty::Int.takes(&by) || by.is_number() => Ok((**element).clone()),
            Ty::Map(key, value) if key.takes(&by) => Ok((**value).clone()),
            _ => Err(no_overload("[]", &[of, by])),
        }
    }

    fn binary(&mut self, operator: &str, left: &Expr, right: &Expr) -> Result<Ty, String> {
        let (one, other) = (self.kind(left)?, self.kind(right)?);
        let both = |kind: &Ty| kind.takes(&one) && kind.takes(&other);
        let fits = match operator {
            "&&" | "||" => both(&Ty::Bool),
            "==" | "!=" => one.takes(&other) || other.takes(&one),
            "<" | "<=" | ">" | ">=" => {
                one.is_number() && other.is_number()
                    || [
                        Ty::Int,
                        Ty::Text,
                        Ty::Bytes,
                        Ty::Bool,
                        Ty::Timestamp,
                        Ty::Duration,
                        Ty::Double,
                        Ty::Uint,
                    ]
                    .iter()
                    .any(both)
            }
            "in" => match &other {
                Ty::Dyn => true,
                Ty::List(element) => element.takes(&one) || one.takes(element),
                Ty::Map(key, _) => key.takes(&one),
                _ => false,
            },
            _ => {
                return arithmetic(operator, &one, &other)
                    .ok_or_else(|| no_overload(operator, &[one.clone(), other.clone()]));
            }
        };
        if fits {
            Ok(Ty::Bool)
        } else {
            Err(no_overload(operator, &[one, other]))
        }
    }

    fn call(
        &mut self,
        receiver: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
    ) -> Result<Ty, String> {
        if let Some(found) = self.macros(receiver, name, arguments)? {
            return Ok(found);
        }
        // `optional.of` and its like are names with a dot, and no calls of a value.
        let full = receiver
            .and_then(qualified)
            .map(|space| format!("{space}.{name}"));
        let full = full.filter(|full| FUNCTIONS.iter().any(|(known, ..)| known == full));
        let mut kinds = Vec::new();
        for argument in arguments {
            kinds.push(self.kind(argument)?);
        }
        if receiver.is_none() || full.is_some() {
            let name = full.as_deref().unwrap_or(name);
            return function(name, arguments, &kinds);
        }
        let of = match receiver {
            Some(receiver) => self.kind(receiver)?,
            None => Ty::Dyn,
        };
        method(&of, name, &kinds)
    }

    /// Macros: they bind variables, or look at the expression itself.
    fn macros(
        &mut self,
        receiver: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
    ) -> Result<Option<Ty>, String> {
        match (receiver, name, arguments) {
            (None, "has", [Expr::Field(inner, field, false)]) => {
                self.field(inner, field, false)?;
                Ok(Some(Ty::Bool))
            }
            (None, "has", _) => Err("`has` takes a field, such as `has(self.name)`".to_owned()),
            (
                Some(of),
                "all" | "exists" | "exists_one" | "existsOne",
                [Expr::Name(variable), body],
            ) => {
                let (first, _) = self.range(of)?;
                let found = self.with(&[(variable, first)], body)?;
                if Ty::Bool.takes(&found) {
                    Ok(Some(Ty::Bool))
                } else {
                    Err(no_overload(name, &[found]))
                }
            }
            (
                Some(of),
                "all" | "exists" | "exists_one" | "existsOne",
                [Expr::Name(one), Expr::Name(other), body],
            ) => {
                let (first, second) = self.pairs(of)?;
                let found = self.with(&[(one, first), (other, second)], body)?;
                if Ty::Bool.takes(&found) {
                    Ok(Some(Ty::Bool))
                } else {
                    Err(no_overload(name, &[found]))
                }
            }
            (Some(of), "filter", [Expr::Name(variable), body]) => {
                let (first, _) = self.range(of)?;
                self.with(&[(variable, first.clone())], body)?;
                Ok(Some(Ty::list(first)))
            }
            (Some(of), "map", [Expr::Name(variable), rest @ ..]) if matches!(rest.len(), 1 | 2) => {
                let (first, _) = self.range(of)?;
                let mut found = Ty::Dyn;
                for body in rest {
                    found = self.with(&[(variable, first.clone())], body)?;
                }
                Ok(Some(Ty::list(found)))
            }
            (Some(of), "transformList", [Expr::Name(one), Expr::Name(other), rest @ ..])
                if matches!(rest.len(), 1 | 2) =>
            {
                let (first, second) = self.pairs(of)?;
                let mut found = Ty::Dyn;
                for body in rest {
                    found = self.with(&[(one, first.clone()), (other, second.clone())], body)?;
                }
                Ok(Some(Ty::list(found)))
            }
            (
                Some(of),
                "transformMap" | "transformMapEntry",
                [Expr::Name(one), Expr::Name(other), rest @ ..],
            ) if matches!(rest.len(), 1 | 2) => {
                let (first, second) = self.pairs(of)?;
                let mut found = Ty::Dyn;
                for body in rest {
                    found = self.with(&[(one, first.clone()), (other, second.clone())], body)?;
                }
                Ok(Some(Ty::Map(Box::new(first), Box::new(found))))
            }
            (Some(Expr::Name(space)), "bind", [Expr::Name(variable), value, body])
                if self.names_bindings(space) =>
            {
                let kind = self.kind(value)?;
                self.with(&[(variable, kind)], body).map(Some)
            }
            (Some(of), "optMap" | "optFlatMap", [Expr::Name(variable), body]) => {
                let inner = match self.kind(of)? {
                    Ty::Optional(inner) => *inner,
                    Ty::Dyn => Ty::Dyn,
                    other => return Err(no_overload(name, &[other])),
                };
                let found = self.with(&[(variable, inner)], body)?;
                Ok(Some(if name == "optMap" {
                    Ty::Optional(Box::new(found))
                } else {
                    found
                }))
            }
            _ => Ok(None),
        }
    }

    /// What a macro's variable goes over: elements of a list, keys of a map.
    fn range(&mut self, of: &Expr) -> Result<(Ty, Ty), String> {
        match self.kind(of)? {
            Ty::List(element) => Ok((*element, Ty::Dyn)),
            Ty::Map(key, value) => Ok((*key, *value)),
            Ty::Dyn => Ok((Ty::Dyn, Ty::Dyn)),
            other => Err(format!("`{}` is neither a list nor a map", other.name())),
        }
    }

    /// What two variables go over: index and element of a list, key and value of a map.
    fn pairs(&mut self, of: &Expr) -> Result<(Ty, Ty), String> {
        match self.kind(of)? {
            Ty::List(element) => Ok((Ty::Int, *element)),
            Ty::Map(key, value) => Ok((*key, *value)),
            Ty::Dyn => Ok((Ty::Dyn, Ty::Dyn)),
            other => Err(format!("`{}` is neither a list nor a map", other.name())),
        }
    }

    /// Whether a name is that of the library of bindings, and the library is there.
    fn names_bindings(&self, name: &str) -> bool {
        let mut known = self.scope.iter();
        known.any(|(known, kind)| known == name && *kind == Ty::BINDINGS)
    }

    fn with(&mut self, variables: &[(&str, Ty)], body: &Expr) -> Result<Ty, String> {
        let before = self.scope.len();
        self.scope.extend(
            variables
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), kind.clone())),
        );
        let found = self.kind(body);
        self.scope.truncate(before);
        found
    }
}

fn no_overload(operator: &str, kinds: &[Ty]) -> String {
    let names: Vec<String> = kinds.iter().map(Ty::name).collect();
    format!("`{operator}` cannot be used with {}", names.join(" and "))
}

fn arithmetic(operator: &str, one: &Ty, other: &Ty) -> Option<Ty> {
    let found = match (operator, one, other) {
        ("+", Ty::Text, Ty::Text) => Ty::Text,
        ("+", Ty::Bytes, Ty::Bytes) => Ty::Bytes,
        ("+", Ty::List(_), Ty::List(_)) => one.clone().join(other),
        ("+", Ty::Timestamp, Ty::Duration)
        | ("+", Ty::Duration, Ty::Timestamp)
        | ("-", Ty::Timestamp, Ty::Duration) => Ty::Timestamp,
        ("+" | "-", Ty::Duration, Ty::Duration) | ("-", Ty::Timestamp, Ty::Timestamp) => {
            Ty::Duration
        }
        ("%", Ty::Double, _) => return None,
        (_, Ty::Int | Ty::Uint | Ty::Double, _) if one == other => one.clone(),
        (_, Ty::Dyn, Ty::Dyn) => Ty::Dyn,
        // The known side must have the operator at all.
        (_, Ty::Dyn, known) | (_, known, Ty::Dyn)
            if arithmetic(operator, known, known).is_some() =>
        {
            known.clone()
        }
        _ => return None,
    };
    Some(found)
}

fn function(name: &str, arguments: &[Expr], kinds: &[Ty]) -> Result<Ty, String> {
    let mut known = false;
    for (candidate, parameters, result) in FUNCTIONS {
        if *candidate != name {
            continue;
        }
        known = true;
        if parameters.len() == kinds.len()
            && parameters
                .iter()
                .zip(kinds)
                .all(|(wanted, kind)| is_a(kind, wanted))
        {
            return match (name, arguments) {
                ("format.named", [Expr::Text(format)]) if !FORMATS.contains(&format.as_str()) => {
                    Err(format!("there is no format `{format}`"))
                }
                ("format.named", _) => Ok(Ty::Optional(Box::new(Ty::Named("format")))),
                ("optional.of" | "optional.ofNonZeroValue", _) => {
                    Ok(Ty::Optional(Box::new(kinds[0].clone())))
                }
                _ => Ok(result_of(result, &Ty::Dyn)),
            };
        }
    }
    if known {
        Err(no_overload(name, kinds))
    } else {
        Err(format!("there is no function `{name}`"))
    }
}

fn method(of: &Ty, name: &str, kinds: &[Ty]) -> Result<Ty, String> {
    let mut known = false;
    for (wanted, candidate, parameters, result) in METHODS {
        if *candidate != name {
            continue;
        }
        known = true;
        let optional = parameters.last() == Some(&"zone?");
        let fits = if optional {
            kinds.len() <= 1 && kinds.iter().all(|kind| is_a(kind, "string"))
        } else {
            parameters.len() == kinds.len()
                && parameters
                    .iter()
                    .zip(kinds)
                    .all(|(wanted, kind)| is_a(kind, wanted))
        };
        if fits && is_a(of, wanted) {
            return Ok(result_of(result, of));
        }
    }
    let mut all = vec![of.clone()];
    all.extend_from_slice(kinds);
    if known {
        Err(no_overload(name, &all))
    } else {
        Err(format!("there is no function `{name}`"))
    }
}

/// Whether a type is one that a table names.
fn is_a(kind: &Ty, name: &str) -> bool {
    match (kind, name) {
        (Ty::Dyn, _) | (_, "any") => true,
        (kind, "number") => kind.is_number(),
        (Ty::List(_), "list")
        | (Ty::Map(..) | Ty::Object(_), "map")
        | (Ty::Optional(_), "optional") => true,
        (Ty::Named(known), name) => *known == name,
        (kind, name) => kind.name() == name,
    }
}

/// The type that a table names as a result.
fn result_of(name: &str, of: &Ty) -> Ty {
    match name {
        "bool" => Ty::Bool,
        "int" => Ty::Int,
        "uint" => Ty::Uint,
        "double" => Ty::Double,
        "string" => Ty::Text,
        "bytes" => Ty::Bytes,
        "timestamp" => Ty::Timestamp,
        "duration" => Ty::Duration,
        "type" => Ty::Type,
        "list(string)" => Ty::list(Ty::Text),
        "map(list(string))" => Ty::map(Ty::list(Ty::Text)),
        "optional" => Ty::Optional(Box::new(Ty::Dyn)),
        "optional(list(string))" => Ty::Optional(Box::new(Ty::list(Ty::Text))),
        "T" => match of {
            Ty::List(inner) | Ty::Optional(inner) => (**inner).clone(),
            _ => Ty::Dyn,
        },
        "self" => of.clone(),
        name => LIBRARY
            .iter()
            .find(|known| **known == name)
            .map_or(Ty::Dyn, |known| Ty::Named(known)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ty, compile};

    fn kind(text: &str) -> Result<String, String> {
        let of = Ty::object(
            "object",
            vec![
                ("size", Ty::Int),
                ("names", Ty::list(Ty::Text)),
                ("labels", Ty::map(Ty::Text)),
            ],
        );
        compile(text, &[("self", of)]).map(|(_, kind)| kind.name())
    }

    #[test]
    fn types_are_told() {
        for (text, wanted) in [
            ("self.size > 1", "bool"),
            ("self.size > 1.5", "bool"),
            ("self.names.all(n, n.startsWith('a'))", "bool"),
            ("self.names.map(n, size(n))", "list(int)"),
            ("self.labels['a'] + 'b'", "string"),
            ("self.labels.exists(k, self.labels[k] == 'x')", "bool"),
            ("has(self.size) ? self.size : 0", "int"),
            ("quantity('1Gi').isGreaterThan(quantity('1Mi'))", "bool"),
            ("optional.of(self.size).orValue(1)", "int"),
        ] {
            assert_eq!(kind(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn mistakes_of_type_are_found() {
        for text in [
            "self.nosuch > 1",
            "nosuch",
            "size(5)",
            "self.size + 'a'",
            "self.names > 1",
            "self.size.startsWith('a')",
            "self.names.all(n, n)",
            "!self.size",
            "self.size == 'a'",
            "nosuch(1)",
        ] {
            assert!(kind(text).is_err(), "{text}");
        }
    }
}
