// Blocks of the shell in the book: commands stand out from what they print, and the button copies
// the commands alone, without their prompts.
(() => {
  const blocks = [...document.querySelectorAll("code.language-console")];
  const commands = new Map();
  for (const code of blocks) {
    const lines = code.textContent.replace(/\n$/, "").split("\n");
    const copied = [];
    let isCommand = false;
    const shown = lines.map((line) => {
      isCommand = line.startsWith("$ ") || (isCommand && line.startsWith("> "));
      const span = document.createElement("span");
      span.className = isCommand ? "command" : "output";
      span.textContent = `${line}\n`;
      if (isCommand) copied.push(line.slice(2));
      return span;
    });
    code.replaceChildren(...shown);
    commands.set(code.closest("pre"), copied.join("\n"));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".clip-button");
    const text = button && commands.get(button.closest("pre"));
    if (!text || !navigator.clipboard) return;
    event.stopImmediatePropagation();
    navigator.clipboard.writeText(text).then(() => {
      button.classList.add("tooltipped");
      button.firstChild.innerText = "Copied!";
    });
  }, true);
})();
