"use strict";
const byId = (id) => document.getElementById(id);
const all = [...document.querySelectorAll("details.change")];
const texts = new Map(all.map((item) => [item, item.textContent.toLowerCase()]));

function filter() {
  const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = byId("kind").value;
  const class_ = byId("class").value;
  let count = 0;
  for (const item of all) {
    const fits =
      words.every((word) => texts.get(item).includes(word)) &&
      (!kind || item.dataset.kinds.split(" ").includes(kind)) &&
      (!class_ || item.dataset.class === class_);
    item.hidden = !fits;
    count += fits;
  }
  for (const part of document.querySelectorAll("section, article")) {
    part.hidden = !part.querySelector("details.change:not([hidden])");
  }
  byId("count").value = `${count} of ${all.length}`;
  byId("none").hidden = count > 0 || all.length === 0;
}

function fold() {
  const open = !all.some((item) => item.open && !item.hidden);
  for (const item of all) {
    if (!item.hidden) item.open = open;
  }
  byId("fold").textContent = open ? "Fold all" : "Unfold all";
}

// j and k go from one difference to the next, / to the filter, f folds.
function key(event) {
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = all.filter((item) => !item.hidden).map((item) => item.querySelector("summary"));
  const at = shown.indexOf(document.activeElement);
  if (event.key === "/") {
    event.preventDefault();
    byId("text").focus();
  } else if (event.key === "f") {
    fold();
  } else if (event.key === "j" || event.key === "k") {
    const next = event.key === "j" ? Math.min(at + 1, shown.length - 1) : Math.max(at - 1, 0);
    shown[next]?.focus();
  }
}

byId("filters").addEventListener("input", filter);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("fold").addEventListener("click", fold);
document.addEventListener("keydown", key);
filter();
