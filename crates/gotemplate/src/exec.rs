//! Runs a template.
//!
//! Source: <https://pkg.go.dev/text/template>: actions, arguments and pipelines, and how a value
//! becomes the argument of a function.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::functions::{self, Body, Context, Function, Type, versions};
use crate::meter::{Meter, Refusal};
use crate::parse::parse;
use crate::print;
use crate::syntax::{Branch, Command, Expression, Kind, Node, Number, Pipe};
use crate::value::Value;
use crate::{Failure, MissingKey, Options};

/// How deep blocks, parentheses and templates may call each other.
const DEEPEST: usize = 120;

/// How often `tpl` may be called by what `tpl` runs.
const DEEPEST_TPL: usize = 3;

/// The templates of a text, by their names.
pub(crate) type Templates = Rc<BTreeMap<String, Vec<Node>>>;

/// Runs the template `name`.
pub(crate) fn run(
    templates: &Templates,
    name: &str,
    data: &Value,
    options: &Options,
    meter: &Meter,
) -> Result<String, Failure> {
    let mut tpl_depth = 0;
    run_below(templates, name, data, options, meter, &mut tpl_depth)
}

fn run_below(
    templates: &Templates,
    name: &str,
    data: &Value,
    options: &Options,
    meter: &Meter,
    tpl_depth: &mut usize,
) -> Result<String, Failure> {
    let mut state = State {
        templates: Rc::clone(templates),
        options,
        meter,
        variables: vec![("$".to_owned(), data.clone())],
        out: String::new(),
        depth: 0,
        tpl_depth,
    };
    let nodes = templates.get(name).map_or(&[][..], Vec::as_slice);
    state.walk(data, nodes)?;
    Ok(state.out)
}

struct State<'r> {
    templates: Templates,
    options: &'r Options,
    meter: &'r Meter,
    variables: Vec<(String, Value)>,
    out: String,
    depth: usize,
    tpl_depth: &'r mut usize,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

type Evaluated = Result<Value, Failure>;

fn failed<T>(at: usize, message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::new(at, message))
}

/// Puts an offset to a refusal.
fn at<T>(offset: usize, result: Result<T, Refusal>) -> Result<T, Failure> {
    result.map_err(|refusal| Failure::of(offset, &refusal))
}

impl State<'_> {
    fn deeper(&mut self, offset: usize) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return failed(offset, "the template calls itself too deep");
        }
        at(offset, self.meter.step())
    }

    fn walk(&mut self, dot: &Value, nodes: &[Node]) -> Result<Flow, Failure> {
        for node in nodes {
            match node {
                Node::Text(text) => {
                    at(0, self.meter.charge_bytes(text.len()))?;
                    self.out.push_str(text);
                }
                Node::Action(pipe) => {
                    let value = self.pipe(dot, pipe)?;
                    if pipe.variables.is_empty() {
                        self.print(&value, pipe.at)?;
                    }
                }
                Node::If(branch) | Node::With(branch) => {
                    let flow = self.branch(dot, branch, matches!(node, Node::With(_)))?;
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Range(branch) => {
                    let flow = self.range(dot, branch)?;
                    if flow != Flow::On {
                        return Ok(flow);
                    }
                }
                Node::Template { name, pipe, at } => self.call(dot, name, pipe.as_ref(), *at)?,
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::On)
    }

    fn print(&mut self, value: &Value, offset: usize) -> Result<(), Failure> {
        match value {
            Value::Missing | Value::Nil => self.out.push_str("<no value>"),
            Value::Str(text) => {
                at(offset, self.meter.charge_bytes(text.len()))?;
                self.out.push_str(text);
            }
            _ => self
                .out
                .push_str(&at(offset, print::plain(value, self.meter))?),
        }
        Ok(())
    }

    fn branch(&mut self, dot: &Value, branch: &Branch, is_with: bool) -> Result<Flow, Failure> {
        self.deeper(branch.pipe.at)?;
        let mark = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let flow = if value.is_true() {
            let dot = if is_with { &value } else { dot };
            self.walk(dot, &branch.then)?
        } else {
            self.walk(dot, &branch.otherwise)?
        };
        self.variables.truncate(mark);
        self.depth -= 1;
        Ok(flow)
    }

    fn range(&mut self, dot: &Value, branch: &Branch) -> Result<Flow, Failure> {
        let offset = branch.pipe.at;
        self.deeper(offset)?;
        let before = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let mark = self.variables.len();
        let count = branch.pipe.variables.len();
        let mut flow = Flow::On;
        let mut has_run = false;
        let mut turn = |state: &mut Self, index: Value, item: Value| -> Result<bool, Failure> {
            has_run = true;
            at(offset, state.meter.step())?;
            let names = &branch.pipe.variables;
            if branch.pipe.is_assignment {
                if let [first, rest @ ..] = names.as_slice() {
                    match rest.first() {
                        Some(second) => {
                            state.assign(first, index);
                            state.assign(second, item.clone());
                        }
                        None => state.assign(first, item.clone()),
                    }
                }
            } else if count > 0 {
                state.variables[mark - 1].1 = item.clone();
                if count > 1 {
                    state.variables[mark - 2].1 = index;
                }
            }
            flow = state.walk(&item, &branch.then)?;
            state.variables.truncate(mark);
            Ok(flow != Flow::Break)
        };
        match &value {
            Value::Int(number) | Value::Int64(number) => {
                if count > 1 {
                    return failed(offset, "a number is ranged over with one variable");
                }
                let is_int = matches!(value, Value::Int(_));
                for number in 0..*number {
                    let item = if is_int {
                        Value::Int(number)
                    } else {
                        Value::Int64(number)
                    };
                    if !turn(self, Value::Missing, item)? {
                        break;
                    }
                }
            }
            Value::List(list) => {
                for (index, item) in list.items.iter().enumerate() {
                    let index = i64::try_from(index).unwrap_or(i64::MAX);
                    if !turn(self, Value::Int(index), item.clone())? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                let entries: Vec<(String, Value)> = {
                    let entries = map.entries.borrow();
                    entries
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect()
                };
                for (key, item) in entries {
                    if !turn(self, Value::text(key), item)? {
                        break;
                    }
                }
            }
            Value::Missing | Value::Nil => {}
            _ => {
                let message = format!("`range` goes over no {}", value.type_name());
                return failed(offset, message);
            }
        }
        let flow = if has_run {
            Flow::On
        } else {
            self.walk(dot, &branch.otherwise)?
        };
        self.variables.truncate(before);
        self.depth -= 1;
        Ok(flow)
    }

    fn call(
        &mut self,
        dot: &Value,
        name: &str,
        pipe: Option<&Pipe>,
        offset: usize,
    ) -> Result<(), Failure> {
        let templates = Rc::clone(&self.templates);
        let Some(nodes) = templates.get(name) else {
            return failed(offset, format!("there is no template `{name}`"));
        };
        self.deeper(offset)?;
        let dot = match pipe {
            Some(pipe) => self.pipe(dot, pipe)?,
            None => Value::Missing,
        };
        let variables = std::mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
        self.walk(&dot, nodes)?;
        self.variables = variables;
        self.depth -= 1;
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value) {
        let mut known = self.variables.iter_mut().rev();
        if let Some(variable) = known.find(|variable| variable.0 == name) {
            variable.1 = value;
        }
    }

    fn pipe(&mut self, dot: &Value, pipe: &Pipe) -> Evaluated {
        self.deeper(pipe.at)?;
        let mut value = None;
        for command in &pipe.commands {
            // What is behind an interface counts; behind a nil one there is nothing.
            value = Some(match self.command(dot, command, value)? {
                Value::Nil => Value::Missing,
                value => value,
            });
        }
        let value = value.unwrap_or(Value::Missing);
        for name in &pipe.variables {
            if pipe.is_assignment {
                self.assign(name, value.clone());
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn command(&mut self, dot: &Value, command: &Command, last: Option<Value>) -> Evaluated {
        let (first, rest) = (&command.arguments[0], &command.arguments[1..]);
        let offset = first.at;
        at(offset, self.meter.step())?;
        let has_arguments = !rest.is_empty() || last.is_some();
        match &first.kind {
            Kind::Function(name) => return self.function(dot, name, offset, rest, last),
            Kind::Field(names) => {
                return self.fields(dot, dot.clone(), names, offset, rest, last);
            }
            Kind::Chain(inner, names) => {
                let receiver = self.receiver(dot, inner)?;
                return self.fields(dot, receiver, names, offset, rest, last);
            }
            Kind::Variable(name, names) if !names.is_empty() => {
                let receiver = self.variable(name);
                return self.fields(dot, receiver, names, offset, rest, last);
            }
            _ => {}
        }
        if has_arguments {
            return failed(offset, "what is no function gets arguments");
        }
        match &first.kind {
            Kind::Nil => failed(offset, "`nil` is no command"),
            Kind::Pipe(pipe) => self.pipe(dot, pipe),
            _ => self.inferred(dot, first),
        }
    }

    fn variable(&self, name: &str) -> Value {
        let mut known = self.variables.iter().rev();
        let found = known.find(|variable| variable.0 == name);
        found.map_or(Value::Missing, |variable| variable.1.clone())
    }

    /// What stands before the fields of a chain.
    fn receiver(&mut self, dot: &Value, expression: &Expression) -> Evaluated {
        match &expression.kind {
            Kind::Pipe(pipe) => self.pipe(dot, pipe),
            Kind::Nil => failed(expression.at, "`nil` has no fields"),
            _ => self.inferred(dot, expression),
        }
    }

    /// The value of an expression where no type is asked for.
    fn inferred(&mut self, dot: &Value, expression: &Expression) -> Evaluated {
        let offset = expression.at;
        match &expression.kind {
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Dot => Ok(dot.clone()),
            Kind::Str(text) => Ok(Value::text(text)),
            Kind::Number(number) => ideal(number, offset),
            Kind::Nil => Ok(Value::Nil),
            Kind::Field(names) => self.fields(dot, dot.clone(), names, offset, &[], None),
            Kind::Variable(name, names) => {
                let value = self.variable(name);
                if names.is_empty() {
                    return Ok(value);
                }
                self.fields(dot, value, names, offset, &[], None)
            }
            Kind::Function(name) => self.function(dot, name, offset, &[], None),
            Kind::Chain(inner, names) => {
                let receiver = self.receiver(dot, inner)?;
                self.fields(dot, receiver, names, offset, &[], None)
            }
            Kind::Pipe(pipe) => self.pipe(dot, pipe),
        }
    }

    /// `.a.b.c`, the last of which gets the arguments if it is a method.
    fn fields(
        &mut self,
        dot: &Value,
        mut receiver: Value,
        names: &[String],
        offset: usize,
        arguments: &[Expression],
        last: Option<Value>,
    ) -> Evaluated {
        let Some((name, before)) = names.split_last() else {
            return Ok(receiver);
        };
        for name in before {
            receiver = self.field(dot, &receiver, name, offset, &[], None)?;
        }
        self.field(dot, &receiver, name, offset, arguments, last)
    }

    fn field(
        &mut self,
        dot: &Value,
        receiver: &Value,
        name: &str,
        offset: usize,
        arguments: &[Expression],
        last: Option<Value>,
    ) -> Evaluated {
        at(offset, self.meter.step())?;
        match receiver {
            Value::Missing => match self.options.missing_key {
                MissingKey::Error => failed(
                    offset,
                    format!("there is no value that could have the key `{name}`"),
                ),
                _ => Ok(Value::Missing),
            },
            Value::Nil => failed(offset, format!("null has no key `{name}`")),
            Value::Map(map) => {
                if !arguments.is_empty() || last.is_some() {
                    let message = format!("`.{name}` is no function, but gets arguments");
                    return failed(offset, message);
                }
                let found = map.entries.borrow().get(name).cloned();
                match (found, self.options.missing_key) {
                    (Some(found), _) => Ok(found),
                    (None, MissingKey::Default) => Ok(Value::Missing),
                    (None, MissingKey::Zero) if map.of_texts => Ok(Value::text("")),
                    (None, MissingKey::Zero) => Ok(Value::Nil),
                    (None, MissingKey::Error) => {
                        let mut failure = Failure::new(offset, format!("there is no key `{name}`"));
                        failure.missing_key = Some(name.to_owned());
                        failure.keys = map.entries.borrow().keys().cloned().collect();
                        Err(failure)
                    }
                }
            }
            Value::Version(version) => {
                let mut values = Vec::new();
                for argument in arguments {
                    values.push(self.inferred(dot, argument)?);
                }
                values.extend(last);
                at(offset, versions::method(version, name, &values))
            }
            _ => {
                let kind = receiver.type_name();
                failed(offset, format!("a {kind} has no field `{name}`"))
            }
        }
    }

    fn function(
        &mut self,
        dot: &Value,
        name: &str,
        offset: usize,
        arguments: &[Expression],
        last: Option<Value>,
    ) -> Evaluated {
        at(offset, self.meter.step())?;
        let Some(function) = functions::find(name) else {
            return failed(offset, format!("there is no function `{name}`"));
        };
        let count = arguments.len() + usize::from(last.is_some());
        let fixed = function.takes.len();
        if count < fixed || (count > fixed && function.rest.is_none()) {
            let least = if function.rest.is_some() {
                "at least "
            } else {
                ""
            };
            let message = format!("`{name}` takes {least}{fixed} arguments and gets {count}");
            return failed(offset, message);
        }
        if let Body::Logic { is_or } = function.body {
            return self.logic(dot, is_or, arguments, last);
        }
        let mut values = Vec::with_capacity(count);
        for argument in arguments {
            let wanted = wanted(function, values.len());
            values.push(self.argument(dot, argument, wanted, name)?);
        }
        if let Some(last) = last {
            let wanted = wanted(function, values.len());
            values.push(typed(last, wanted, offset, name)?);
        }
        match function.body {
            Body::Plain(body) => {
                let context = Context {
                    meter: self.meter,
                    compile: self.options.compile,
                };
                let result = body(&context, &values).map_err(|refusal| {
                    let mut failure = Failure::of(offset, &refusal);
                    if !refusal.is_limit {
                        failure.message = format!("`{name}`: {}", failure.message);
                    }
                    failure
                });
                let value = result?;
                if let Value::Str(text) = &value {
                    at(offset, self.meter.charge_bytes(text.len()))?;
                }
                Ok(value)
            }
            Body::Tpl => self.tpl(&values, offset),
            Body::Unsure(reason) => failed(offset, format!("`{name}` is not run: {reason}")),
            Body::Logic { .. } => Ok(Value::Missing),
        }
    }

    fn logic(
        &mut self,
        dot: &Value,
        is_or: bool,
        arguments: &[Expression],
        last: Option<Value>,
    ) -> Evaluated {
        let mut value = Value::Missing;
        for argument in arguments {
            value = self.argument(dot, argument, Type::Raw, "and")?;
            if value.is_true() == is_or {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    /// `tpl TEXT DATA`: a text of the data, run as a template.
    fn tpl(&mut self, values: &[Value], offset: usize) -> Evaluated {
        let (text, data) = (values[0].as_str().unwrap_or_default(), &values[1]);
        if *self.tpl_depth >= DEEPEST_TPL {
            let message = format!("`tpl` calls itself more than {DEEPEST_TPL} times");
            return failed(offset, message);
        }
        at(offset, self.meter.charge_bytes(text.len()))?;
        let parsed = parse(crate::NAME, text).map_err(|(_, message)| {
            Failure::new(offset, format!("in the text of `tpl`: {message}"))
        })?;
        let mut templates = (*self.templates).clone();
        templates.extend(parsed);
        *self.tpl_depth += 1;
        let templates = Rc::new(templates);
        let result = run_below(
            &templates,
            crate::NAME,
            data,
            self.options,
            self.meter,
            self.tpl_depth,
        );
        *self.tpl_depth -= 1;
        let text = result.map_err(|mut failure| {
            failure.offset = offset;
            failure.message = format!("in the text of `tpl`: {}", failure.message);
            failure
        })?;
        Ok(Value::text(text.replace("<no value>", "")))
    }

    fn argument(
        &mut self,
        dot: &Value,
        expression: &Expression,
        wanted: Type,
        name: &str,
    ) -> Evaluated {
        let offset = expression.at;
        at(offset, self.meter.step())?;
        let unfit = |what: &str| {
            let message = format!("`{name}` takes a {} and gets {what}", wanted.name());
            failed(offset, message)
        };
        match (&expression.kind, wanted) {
            (Kind::Nil, Type::Any) => Ok(Value::Nil),
            (Kind::Nil, Type::Raw) => Ok(Value::Missing),
            (Kind::Nil, Type::Map) => {
                Value::map(BTreeMap::new()).map_err(|refusal| Failure::of(offset, &refusal))
            }
            (Kind::Nil, _) => unfit("nil"),
            (Kind::Bool(value), Type::Any | Type::Raw | Type::Bool) => Ok(Value::Bool(*value)),
            (Kind::Bool(value), _) => unfit(&format!("`{value}`")),
            (Kind::Str(text), Type::Any | Type::Raw | Type::Text) => Ok(Value::text(text)),
            (Kind::Str(_), _) => unfit("a string"),
            (Kind::Number(number), Type::Any | Type::Raw) => ideal(number, offset),
            (Kind::Number(number), Type::Int) => match number.int {
                Some(int) => Ok(Value::Int(int)),
                None => unfit(&format!("`{}`", number.text)),
            },
            (Kind::Number(number), Type::Float) => match number.float {
                Some(float) => Ok(Value::Float(float)),
                None => unfit(&format!("`{}`", number.text)),
            },
            (Kind::Number(number), _) => unfit(&format!("`{}`", number.text)),
            _ => typed(self.inferred(dot, expression)?, wanted, offset, name),
        }
    }
}

fn wanted(function: &Function, index: usize) -> Type {
    let fixed = function.takes.get(index).copied();
    fixed.or(function.rest).unwrap_or(Type::Any)
}

/// A value as the argument of a type; constants are converted before.
fn typed(value: Value, wanted: Type, offset: usize, name: &str) -> Evaluated {
    let fits = match (&value, wanted) {
        (Value::Missing, Type::Any) => return Ok(Value::Nil),
        (Value::Missing, Type::Map) => {
            let empty = Value::map(BTreeMap::new());
            return empty.map_err(|refusal| Failure::of(offset, &refusal));
        }
        (_, Type::Any | Type::Raw)
        | (Value::Str(_), Type::Text)
        | (Value::Int(_), Type::Int)
        | (Value::Float(_), Type::Float)
        | (Value::Bool(_), Type::Bool) => true,
        (Value::Map(map), Type::Map) => !map.of_texts,
        _ => false,
    };
    if fits {
        return Ok(value);
    }
    let found = match value {
        Value::Missing => "no value",
        _ => value.type_name(),
    };
    let mut failure = Failure::new(
        offset,
        format!("`{name}` takes a {} and gets {found}", wanted.name()),
    );
    if matches!(
        (&value, wanted),
        (Value::Float(_) | Value::Int64(_), Type::Int)
    ) {
        failure.help =
            Some("numbers of files are floats; write `(int …)` around the value".to_owned());
    }
    Err(failure)
}

/// A constant where no type is asked for.
fn ideal(number: &Number, offset: usize) -> Evaluated {
    match (number.float, number.int) {
        (Some(float), _) if number.is_float => Ok(Value::Float(float)),
        (_, Some(int)) => Ok(Value::Int(int)),
        _ => failed(offset, format!("`{}` is too large for an int", number.text)),
    }
}
