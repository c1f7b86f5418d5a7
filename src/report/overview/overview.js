"use strict";
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const dialog = byId("object");
const lines = [...document.querySelectorAll("#matrix tbody tr")];

function element(name, class_, text, attributes = {}) {
  const made = document.createElement(name);
  if (class_) made.className = class_;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// ---- the table

const texts = data.rows.map((row) => row.cells.map((cell) => cell?.lines.toLowerCase() ?? ""));

function filter() {
  const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = byId("kind").value;
  const state = byId("state").value;
  let count = 0;
  for (const line of lines) {
    const row = Number(line.dataset.row);
    const name = line.querySelector("th").textContent.toLowerCase();
    const fits =
      words.every((word) => name.includes(word) || texts[row].some((text) => text.includes(word))) &&
      (!kind || line.dataset.kind === kind) &&
      (!state || line.dataset.states.split(" ").includes(state) ||
        (state === "differs" && line.dataset.states.includes("suspicious")));
    line.hidden = !fits;
    count += fits;
  }
  byId("count").value = `${count} of ${lines.length}`;
  byId("none").hidden = count > 0;
}

// ---- an object

function place(cell, at) {
  const file = cell.places[2 * at];
  const line = cell.places[2 * at + 1];
  return file < 0 ? "" : `${data.files[file]}${line ? `:${line}` : ""}`;
}

// The longest common subsequence of two lists of lines; too long ones differ as a whole.
function steps(one, other) {
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let end = 0;
  while (
    end < one.length - start && end < other.length - start &&
    one[one.length - 1 - end] === other[other.length - 1 - end]
  ) end++;
  const a = one.slice(start, one.length - end);
  const b = other.slice(start, other.length - end);
  const found = [];
  for (let at = 0; at < start; at++) found.push([" ", at, at]);
  if (a.length * b.length > 4e6) {
    a.forEach((_, at) => found.push(["-", start + at, -1]));
    b.forEach((_, at) => found.push(["+", -1, start + at]));
  } else {
    const wide = b.length + 1;
    const best = new Uint32Array((a.length + 1) * wide);
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        best[i * wide + j] = a[i] === b[j]
          ? best[(i + 1) * wide + j + 1] + 1
          : Math.max(best[(i + 1) * wide + j], best[i * wide + j + 1]);
      }
    }
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) {
        found.push([" ", start + i++, start + j++]);
      } else if (j >= b.length || (i < a.length && best[(i + 1) * wide + j] >= best[i * wide + j + 1])) {
        found.push(["-", start + i++, -1]);
      } else {
        found.push(["+", -1, start + j++]);
      }
    }
  }
  for (let at = end; at > 0; at--) found.push([" ", one.length - at, other.length - at]);
  return found;
}

// The text of a line, with what differs from the line that it replaces marked.
function marked(text, other) {
  const code = element("span", "");
  if (other === undefined) {
    code.textContent = text;
    return code;
  }
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  let end = 0;
  while (
    end < text.length - start && end < other.length - start &&
    text[text.length - 1 - end] === other[other.length - 1 - end]
  ) end++;
  code.append(text.slice(0, start));
  code.append(element("mark", "", text.slice(start, text.length - end)));
  code.append(text.slice(text.length - end));
  return code;
}

function line(grid, mark, cell, at, other) {
  const from = element("span", "from", undefined, { title: place(cell, at) });
  from.append(element("bdi", "", place(cell, at)));
  const class_ = { "-": "del", "+": "ins" }[mark] ?? "";
  const text = marked(cell.text[at], other);
  text.className = class_;
  text.title = place(cell, at);
  grid.append(from, element("span", `mark ${class_}`, mark), text);
  if (mark !== "-") say(grid, cell, at);
}

// What was found in a line; of the whole object where there is no line.
function say(grid, cell, at) {
  for (const [where, severity, message, rule, help] of cell.findings) {
    if (where !== at) continue;
    const said = element("div", `said ${severity}`, `${severity}: ${message} (${rule})`);
    if (help) said.append(element("div", "help", help));
    grid.append(said);
  }
}

function listing(cell, other) {
  const grid = element("div", "lines");
  say(grid, cell, null);
  if (!other) {
    cell.text.forEach((_, at) => line(grid, " ", cell, at));
  } else {
    const found = steps(other.text, cell.text);
    found.forEach(([mark, a, b], at) => {
      // One line that is replaced by one: what differs in them is marked.
      const is = (step, wanted) => found[at + step]?.[0] === wanted;
      const one = mark === "-"
        ? is(1, "+") && !is(-1, "-") && !is(2, "+") && cell.text[found[at + 1][2]]
        : mark === "+" && is(-1, "-") && !is(-2, "-") && !is(1, "+") && other.text[found[at - 1][1]];
      const beside = one === false ? undefined : one;
      if (mark === "-") line(grid, "-", other, a, beside);
      else line(grid, mark, cell, b, beside);
    });
  }
  if (cell.left) grid.append(element("div", "more", `${cell.left} more lines are not on this page`));
  return grid;
}

function changes(cell) {
  const list = element("details", "changes plain");
  const count = cell.changes.length;
  if (!count) return element("div", "");
  const reference = data.environments[data.reference];
  const fields = count === 1 ? "1 field" : `${count} fields`;
  list.append(element("summary", "", `differs from ${reference} in ${fields}`));
  list.open = count < 4;
  for (const change of cell.changes) {
    const item = element("details", change.class);
    const summary = element("summary", "");
    summary.append(element("span", "mark", change.class === "suspicious" ? "!" : "~"), " ");
    summary.append(element("code", "", change.path || "the object"));
    item.append(summary);
    if (change.remark) item.append(element("p", "", change.remark));
    const pre = element("pre", "");
    for (const [mark, text] of change.lines) {
      pre.append(element({ "-": "del", "+": "ins" }[mark] ?? "span", "", `${mark} ${text}`), "\n");
    }
    if (change.lines.length) item.append(pre);
    for (const at of [change.from, change.to]) if (at) item.append(element("p", "place", at));
    item.open = count < 8;
    list.append(item);
  }
  return list;
}

let shown;

function show(row, environment, other) {
  const object = data.rows[row];
  const cell = object?.cells[environment];
  if (!cell) return close();
  for (const one of object.cells) if (one) one.text ??= one.lines.split("\n");
  shown = { row, environment };
  const bar = element("div", "bar");
  bar.append(element("h2", "", object.name, { id: "object-title" }));
  object.cells.forEach((one, at) => {
    if (!one) return;
    const button = element("button", "", data.environments[at], { type: "button" });
    button.setAttribute("aria-current", String(at === environment));
    button.addEventListener("click", () => go(row, at));
    bar.append(button);
  });
  const label = element("label", "", "beside ");
  const select = element("select", "");
  select.append(element("option", "", "nothing", { value: "" }));
  object.cells.forEach((one, at) => {
    if (one && at !== environment) select.append(element("option", "", data.environments[at], { value: at }));
  });
  select.value = other ?? "";
  select.addEventListener("change", () => show(row, environment, select.value));
  label.append(select);
  if (select.options.length > 1) bar.append(label);
  const end = element("button", "", "Close", { type: "button" });
  end.addEventListener("click", () => dialog.close());
  bar.append(end);
  const body = element("div", "body", undefined, { tabindex: "0" });
  body.append(changes(cell), listing(cell, other ? object.cells[other] : undefined));
  dialog.replaceChildren(bar, body);
  if (!dialog.open) dialog.showModal();
  body.focus();
}

function close() {
  if (dialog.open) dialog.close();
}

function go(row, environment) {
  location.hash = `o-${row}-${environment}`;
}

function followed() {
  const match = /^#o-(\d+)-(\d+)$/.exec(location.hash);
  if (match) show(Number(match[1]), Number(match[2]));
  else close();
}

dialog.addEventListener("close", () => {
  if (shown) {
    const link = document.querySelector(`a[href$="#o-${shown.row}-${shown.environment}"]`);
    history.replaceState(null, "", location.pathname + location.search);
    link?.focus();
  }
  shown = undefined;
});

// ---- the keyboard: / searches, the arrows go through the table, [ and ] through environments

function neighbour(link, down, right) {
  const cell = link.closest("td");
  const visible = lines.filter((one) => !one.hidden);
  const at = visible.indexOf(cell.parentElement);
  for (let step = 1; step <= Math.max(visible.length, cell.parentElement.cells.length); step++) {
    const row = visible[at + down * step];
    const next = down ? row?.cells[cell.cellIndex] : cell.parentElement.cells[cell.cellIndex + right * step];
    if (!next) return;
    const found = next.querySelector("a");
    if (found) return found.focus();
  }
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Escape" && !dialog.open) event.target.blur();
    return;
  }
  if (dialog.open) {
    if (!"[]".includes(event.key)) return;
    const cells = data.rows[shown.row].cells;
    const step = event.key === "]" ? 1 : cells.length - 1;
    let at = shown.environment;
    do at = (at + step) % cells.length; while (!cells[at]);
    go(shown.row, at);
    return;
  }
  const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], k: [-1, 0], j: [1, 0] };
  if (event.key === "/") {
    event.preventDefault();
    byId("text").focus();
  } else if (arrows[event.key]) {
    if (event.target.matches("td a")) {
      event.preventDefault();
      neighbour(event.target, ...arrows[event.key]);
    } else if (event.key === "j") {
      lines.find((one) => !one.hidden)?.querySelector("td a")?.focus();
    }
  }
}

byId("filters").addEventListener("input", filter);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", key);
addEventListener("hashchange", followed);
filter();
followed();
