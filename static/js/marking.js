// Errors marked in the answers, and differences between them, drawn over the plain texts. Marks are sent in one field,
// "A number 3 9;B missing 10 20"; places count characters, of which a script may need two for one.
const KINDS = [
  ["invented", "Invented authority"],
  ["missing", "Missing fact"],
  ["party", "Wrong party"],
  ["number", "Wrong number"],
  ["format", "Format"],
  ["verbose", "Verbose"],
];
const LABELS = new Map(KINDS);
const begin = (root) => root.querySelectorAll("form[data-ranking]").forEach((form) => new Marking(form));
let present = null; // the one on the page

document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) begin(event.target);
});

class Marking {
  constructor(form) {
    present = this;
    this.form = form;
    this.field = form.elements.marks;
    this.differences = {};
    this.answers = new Map([...form.querySelectorAll("[data-candidate]")].map((article) => {
      const box = article.querySelector("[data-text]");
      return [article.dataset.candidate, { box, list: article.querySelector("[data-marks]"), text: box.textContent }];
    }));
    this.bar = this.buildBar();
    form.append(this.bar);
    form.addEventListener("autosave:filled", () => this.show());
    form.addEventListener("differences", (event) => { this.differences = event.detail; this.show(); });
    form.closest("main").querySelector("[data-mark-errors]").addEventListener("click", () => this.byKeys());
    this.show();
  }

  // --- What is marked ---

  get marks() {
    return this.field.value.split(";").filter(Boolean).map((written) => {
      const [letter, kind, from, to] = written.trim().split(" ");
      const units = unitsOf(this.answers.get(letter)?.text || "");
      return { letter, kind, start: units[Number(from)], end: units[Number(to)] };
    }).filter(({ letter, end }) => this.answers.has(letter) && end !== undefined);
  }

  set marks(marks) {
    const places = ({ letter, start, end }) => [start, end].map((at) => [...this.answers.get(letter).text.slice(0, at)].length);
    this.field.value = marks.map((mark) => [mark.letter, mark.kind, ...places(mark)].join(" ")).join(";");
    for (const name of ["input", "change"]) this.field.dispatchEvent(new Event(name, { bubbles: true }));
    this.show();
  }

  show() {
    const { marks } = this;
    for (const [letter, answer] of this.answers) {
      const mine = marks.filter((mark) => mark.letter === letter).sort((one, other) => one.start - other.start);
      draw(answer, mine, this.differences[letter] || []);
      answer.list.hidden = !mine.length;
      answer.list.replaceChildren(...mine.map((mark) => this.line(mark, answer.text)));
    }
  }

  line(mark, text) {
    const line = document.createElement("li");
    const kind = document.createElement("strong");
    kind.textContent = LABELS.get(mark.kind);
    const words = text.slice(mark.start, mark.end).replace(/\s+/g, " ");
    const quote = words.length > 70 ? `${words.slice(0, 68)}…` : words;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn btn-sm btn-quiet";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove the mark ${kind.textContent} on ${quote}`);
    remove.addEventListener("click", () => {
      this.marks = this.marks.filter((each) => JSON.stringify(each) !== JSON.stringify(mark));
      this.answers.get(mark.letter).box.focus({ preventScroll: true });
    });
    line.append(kind, ` “${quote}” `, remove);
    return line;
  }

  // --- Choosing the kind ---

  buildBar() {
    const bar = document.createElement("div");
    bar.className = "mark-kinds";
    bar.popover = "manual";
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", "What is wrong with these words?");
    const hint = document.createElement("span");
    hint.className = "sub";
    hint.setAttribute("role", "status");
    bar.append(hint, ...KINDS.map(([kind, label], at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      const key = document.createElement("kbd");
      key.textContent = at + 1;
      button.append(label, " ", key);
      button.addEventListener("pointerdown", (event) => event.preventDefault()); // the selection stays
      button.addEventListener("click", () => this.choose(kind));
      return button;
    }));
    return bar;
  }

  open(letter, start, end, hint = "") {
    this.chosen = { letter, start, end };
    this.bar.firstChild.textContent = hint;
    if (!this.bar.matches(":popover-open")) this.bar.showPopover();
    const words = rangeOf(this.answers.get(letter).box, start, end).getBoundingClientRect();
    const room = this.bar.getBoundingClientRect();
    const below = words.bottom + 8 + room.height < innerHeight;
    this.bar.style.left = `${Math.max(8, Math.min(words.left, innerWidth - room.width - 8))}px`;
    this.bar.style.top = `${below ? words.bottom + 8 : Math.max(8, words.top - room.height - 8)}px`;
  }

  close() {
    this.keyed = null;
    this.chosen = null;
    if (this.bar.matches(":popover-open")) this.bar.hidePopover();
  }

  choose(kind) {
    const { letter, start, end } = this.chosen;
    getSelection().removeAllRanges();
    this.close();
    const same = (each) => each.letter === letter && each.kind === kind && each.start === start && each.end === end;
    if (!this.marks.some(same)) this.marks = [...this.marks, { letter, kind, start, end }];
    this.answers.get(letter).box.focus({ preventScroll: true });
  }

  // --- Choosing the words ---

  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    for (const [letter, { box, text }] of this.answers) {
      if (!box.contains(range.startContainer) || !box.contains(range.endContainer)) continue;
      const start = lengthUpTo(box, range.startContainer, range.startOffset);
      const words = text.slice(start, lengthUpTo(box, range.endContainer, range.endOffset));
      const trimmed = words.trim();
      const from = start + words.indexOf(trimmed);
      return trimmed ? { letter, start: from, end: from + trimmed.length } : null;
    }
    return null;
  }

  bySelection() {
    const found = this.selected();
    if (found) this.open(found.letter, found.start, found.end);
    else if (this.chosen && !this.keyed) this.close();
  }

  byKeys() {
    const found = this.selected();
    if (found) return this.open(found.letter, found.start, found.end);
    const focused = [...this.answers].find(([, { box }]) => box === this.lastFocus || box === document.activeElement);
    const [letter, answer] = focused || [...this.answers][0];
    const words = [...answer.text.matchAll(/\S+/g)].map((match) => [match.index, match.index + match[0].length]);
    if (!words.length) return;
    answer.box.focus({ preventScroll: true });
    const top = answer.box.getBoundingClientRect().top;
    const first = words.findIndex(([start, end]) => rangeOf(answer.box, start, end).getBoundingClientRect().top >= top);
    this.keyed = { letter, words, from: Math.max(first, 0), to: Math.max(first, 0) };
    this.pick();
  }

  pick() {
    const { letter, words, from, to } = this.keyed;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const range = rangeOf(this.answers.get(letter).box, words[low][0], words[high][1]);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    range.endContainer.parentElement.scrollIntoView({ block: "nearest" });
    keepInSight(range, this.answers.get(letter).box);
    this.open(letter, words[low][0], words[high][1], "Arrows choose words, Shift takes more, a number says what is wrong.");
  }

  // The word in the next or previous line that stands nearest below or above.
  lineAway(step) {
    const { letter, words, to } = this.keyed;
    const box = (at) => rangeOf(this.answers.get(letter).box, ...words[at]).getBoundingClientRect();
    const here = box(to);
    let best = to;
    for (let at = to + step; words[at]; at += step) {
      const there = box(at);
      if (Math.abs(there.top - here.top) < 4) continue;
      if (best !== to && Math.abs(there.top - box(best).top) > 4) break;
      if (best === to || Math.abs(there.left - here.left) < Math.abs(box(best).left - here.left)) best = at;
    }
    return best;
  }

  pressed(event) {
    if (!this.chosen || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea, select")) return;
    const kind = KINDS[Number(event.key) - 1];
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (kind) this.choose(kind[0]);
    else if (event.key === "Escape") {
      getSelection().removeAllRanges();
      this.close();
    } else if (step && this.keyed && !this.bar.contains(event.target)) {
      const { words, to } = this.keyed;
      const next = event.key.endsWith("Left") || event.key.endsWith("Right") ? to + step : this.lineAway(step);
      this.keyed.to = Math.min(Math.max(next, 0), words.length - 1);
      if (!event.shiftKey) this.keyed.from = this.keyed.to;
      this.pick();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

// --- Drawing ------------------------------------------------------------------------------------------------

function draw({ box, text }, marks, differences) {
  const units = unitsOf(text);
  const apart = differences.map(([from, to]) => ({ start: units[from], end: units[to] }));
  const cuts = new Set([0, text.length]);
  for (const { start, end } of [...marks, ...apart]) cuts.add(start).add(end);
  const places = [...cuts].sort((one, other) => one - other);
  const pieces = places.slice(0, -1).map((start, at) => {
    const end = places[at + 1];
    const within = (each) => each.start <= start && end <= each.end;
    const here = marks.filter(within);
    const differs = apart.some(within);
    const words = text.slice(start, end);
    if (!here.length && !differs) return document.createTextNode(words);
    const piece = document.createElement(here.length ? "mark" : "span");
    piece.textContent = words;
    if (differs) piece.classList.add("differs");
    if (here.length) piece.classList.add("error");
    const ending = here.filter((each) => each.end === end).map(({ kind }) => LABELS.get(kind));
    if (ending.length) piece.dataset.kinds = ending.join(", ");
    return piece;
  });
  box.replaceChildren(...pieces);
}

// For each character the place of its first unit, and one more for the end.
function unitsOf(text) {
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return units;
}

function lengthUpTo(box, node, offset) {
  const range = document.createRange();
  range.selectNodeContents(box);
  range.setEnd(node, offset);
  return range.toString().length;
}

function rangeOf(box, start, end) {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let at = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const past = at + node.length;
    if (!begun && start < past) {
      range.setStart(node, start - at);
      begun = true;
    }
    if (end <= past) {
      range.setEnd(node, end - at);
      break;
    }
    at = past;
  }
  return range;
}

function keepInSight(range, box) {
  const scroller = [box, box.closest(".candidates"), document.scrollingElement].find((each) => each && each.scrollHeight > each.clientHeight + 1);
  if (!scroller) return;
  const words = range.getBoundingClientRect();
  const frame = scroller === document.scrollingElement ? { top: 120, bottom: innerHeight - 80 } : scroller.getBoundingClientRect();
  if (words.top < frame.top + 40) scroller.scrollTop -= frame.top + 40 - words.top;
  else if (words.bottom > frame.bottom - 90) scroller.scrollTop += words.bottom - frame.bottom + 90;
}

document.addEventListener("focusin", (event) => {
  if (present && event.target.matches("[data-text]")) present.lastFocus = event.target;
});
document.addEventListener("pointerup", () => setTimeout(() => { if (present?.form.isConnected) present.bySelection(); }));
document.addEventListener("keyup", (event) => {
  if (event.shiftKey && event.key.startsWith("Arrow") && present?.form.isConnected && !present.keyed) present.bySelection();
});
document.addEventListener("keydown", (event) => { if (present?.form.isConnected) present.pressed(event); }, true);
begin(document);
