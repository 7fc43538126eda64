// What one says of the answers, in words; for three and more also drag and keys over the plain selects (rank-a, …),
// which stay what is sent. Also in what htmx puts in place of the item just done.
const begin = (root) => root.querySelectorAll("form[data-ranking]").forEach(start);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) begin(event.target);
});

function start(form) {
  aspects(form);
  const summary = form.querySelector("[data-ranking-summary]");
  if (form.dataset.ranking === "pair") {
    const show = () => say(summary, ...ofPair(form.elements.choice.value));
    watch(form, show);
    return;
  }
  const list = new List(form);
  watch(form, () => {
    say(summary, ...list.words());
    list.show();
  });
}

function watch(form, show) {
  form.addEventListener("change", show);
  form.addEventListener("autosave:filled", show);
  show();
}

function put(field, value) {
  if (field.value === String(value)) return;
  field.value = String(value);
  changed(field);
}

function changed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// --- In words -----------------------------------------------------------------------------------------------

function say(summary, sentence, follows) {
  const pairs = document.createElement("span");
  pairs.textContent = follows;
  pairs.className = "follows";
  const words = document.createElement("strong");
  words.textContent = sentence;
  summary.replaceChildren(words, ...(follows ? [" ", pairs] : []));
}

function ofPair(choice) {
  const said = {
    1: ["A is much better.", "You say: A over B, by far."],
    2: ["A is better.", "You say: A over B."],
    3: ["Both are equally good.", "No pair follows."],
    4: ["B is better.", "You say: B over A."],
    5: ["B is much better.", "You say: B over A, by far."],
    0: ["Both are bad.", "No pair follows. After this you can write the better answer."],
  };
  return said[choice] || ["Choose how the two compare.", ""];
}

const together = (names) => names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
const are = (names) => names.length > 1 ? "are" : "is";

function ofGroups(groups) {
  if (groups.length === 1) return `${together(groups[0])} are equally good.`;
  if (groups.length === 2) return `${together(groups[0])} ${are(groups[0])} better than ${together(groups[1])}.`;
  return `Best first: ${groups.map(together).join(", then ")}.`;
}

// As the server derives them: two that are both not good enough make no pair.
function pairsOf(groups, good) {
  const found = [];
  groups.slice(0, good).forEach((above, at) => {
    for (const better of above) for (const worse of groups.slice(at + 1).flat()) found.push(`${better} over ${worse}`);
  });
  return found.length ? `You say: ${found.join(", ")}.` : "No pair follows.";
}

// --- Three and more -----------------------------------------------------------------------------------------

class List {
  constructor(form) {
    this.candidates = [...form.querySelectorAll("[data-candidate]")].map((article) => ({
      article,
      name: article.dataset.candidate,
      select: article.querySelector("select"),
    }));
    this.allBad = form.elements.all_bad;
    this.line = form.elements.line;
    this.tray = form.querySelector("[data-order]");
    this.tray.hidden = false;
    this.line.closest(".field").classList.toggle("visually-hidden", !this.line.closest(".has-error"));
    this.tray.setAttribute("role", "group");
    this.tray.setAttribute("aria-label", "Your order, best first");
    for (const candidate of this.candidates) this.listen(candidate);
  }

  get groups() {
    const places = new Map();
    for (const each of this.candidates) {
      const place = Number(each.select.value);
      if (place) places.set(place, [...(places.get(place) || []), each]);
    }
    return [...places].sort(([one], [other]) => one - other);
  }

  get unplaced() { return this.candidates.filter(({ select }) => !select.value); }

  // How many groups are good enough; all of them while there is no line.
  get good() {
    const { groups } = this;
    return this.line.value ? groups.filter(([place]) => place <= Number(this.line.value)).length : groups.length;
  }

  words() {
    if (this.allBad.checked) return ["All are bad.", "No pair follows. After this you can write the better answer."];
    if (this.unplaced.length) return ["Give each answer a place. Two may share one.", ""];
    const groups = this.groups.map(([, members]) => members.map(({ name }) => name));
    const bad = groups.slice(this.good).flat();
    const unfit = bad.length ? ` ${together(bad)} ${are(bad)} not good enough.` : "";
    return [ofGroups(groups) + unfit, pairsOf(groups, this.good)];
  }

  // Places without holes, best first; `line` stays after the group it was after.
  write(groups, good = null) {
    const lined = this.line.value ? good ?? this.good : null;
    const kept = groups.filter((members) => members.length);
    kept.forEach((members, at) => members.forEach(({ select }) => put(select, at + 1)));
    if (lined !== null && lined > 0) put(this.line, Math.min(lined, this.candidates.length));
  }

  members() { return this.groups.map(([, members]) => [...members]); }

  find(name) { return this.candidates.find((each) => each.name === name); }

  drop(name, target) {
    const candidate = this.find(name);
    const [kind, number] = target.split(":");
    const groups = this.members().map((members) => members.filter((each) => each !== candidate));
    if (kind === "none") {
      put(candidate.select, "");
      return this.write(groups);
    }
    if (this.allBad.checked) this.toggleAllBad(false);
    if (kind === "at") groups[Number(number)].push(candidate);
    else groups.splice(Number(number), 0, [candidate]);
    this.write(groups);
  }

  toggleAllBad(on) {
    this.allBad.checked = on;
    changed(this.allBad);
  }

  // After so many groups; before the first means that all are bad, after the last that nothing was said.
  drawLine(after) {
    const { groups } = this;
    if (this.allBad.checked !== (after === 0)) this.toggleAllBad(after === 0);
    if (after > 0) put(this.line, after >= groups.length ? "" : groups[after - 1][0]);
  }

  listen(candidate) {
    const buttons = document.createElement("div");
    buttons.className = "candidate-moves";
    buttons.append(this.moveButton(candidate, "Up", -1), this.moveButton(candidate, "Down", 1));
    candidate.article.querySelector("header").append(buttons);
    const name = candidate.article.querySelector(".candidate-name");
    name.dataset.drags = "";
    name.title = `Drag ${candidate.name} to its place below`;
    draggable(name, this.tray, (target) => this.drop(candidate.name, target), candidate.name);
    candidate.article.addEventListener("keydown", (event) => this.pressed(event, candidate));
  }

  pressed(event, candidate) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.target.matches("select, input, textarea")) return;
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const onChip = event.target.matches("[data-chip]");
    if (step && (event.altKey || onChip)) {
      event.preventDefault();
      return this.move(candidate, step);
    }
    const place = Number(event.key);
    if (event.altKey || !place || place > this.candidates.length) return;
    event.preventDefault();
    put(candidate.select, place);
  }

  moveButton(candidate, words, step) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = step < 0 ? "↑" : "↓";
    button.title = `Alt+${button.textContent}`;
    button.setAttribute("aria-label", `Move ${candidate.name} ${words.toLowerCase()}`);
    button.addEventListener("click", () => this.move(candidate, step));
    return button;
  }

  move(candidate, step) {
    const { unplaced } = this;
    const taken = this.candidates.length - unplaced.length;
    unplaced.forEach(({ select }, index) => put(select, taken + index + 1));
    const from = Number(candidate.select.value);
    const to = Math.min(Math.max(from + step, 1), this.candidates.length);
    if (to === from) return;
    for (const other of this.candidates) {
      if (other !== candidate && Number(other.select.value) === to) put(other.select, from);
    }
    put(candidate.select, to);
  }

  // --- The tray: what is in which place, and the line ---

  show() {
    const held = this.tray.contains(document.activeElement) ? document.activeElement.dataset : null;
    const { groups, unplaced, good } = this;
    const parts = [];
    const placed = groups.length > 0;
    groups.forEach(([, members], at) => {
      parts.push(this.gap(at));
      if (at === (this.allBad.checked ? 0 : good)) parts.push(this.lineHandle(at));
      parts.push(this.slot(`at:${at}`, `${at + 1}.`, members, !this.allBad.checked && at < good));
    });
    parts.push(this.gap(groups.length));
    if (placed && !this.allBad.checked && good === groups.length) parts.push(this.lineHandle(good));
    if (unplaced.length || !placed) parts.unshift(this.slot("none", "Not placed", unplaced, true));
    this.tray.replaceChildren(...parts);
    for (const { article, select } of this.candidates) {
      article.toggleAttribute("data-best", !this.allBad.checked && Boolean(select.value) && groups[0][1].some((each) => each.select === select));
    }
    if (held?.chip) this.tray.querySelector(`[data-chip="${held.chip}"]`)?.focus();
    if (held && "lineHandle" in held) this.tray.querySelector("[data-line-handle]")?.focus();
  }

  gap(at) {
    const gap = document.createElement("span");
    gap.className = "order-gap";
    gap.dataset.drop = `gap:${at}`;
    return gap;
  }

  slot(target, label, members, good) {
    const slot = document.createElement("span");
    slot.className = "order-slot";
    slot.dataset.drop = target;
    slot.toggleAttribute("data-unfit", !good);
    const words = document.createElement("span");
    words.className = "sub";
    words.textContent = label;
    slot.append(words, ...members.map((each) => this.chip(each)));
    return slot;
  }

  chip(candidate) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "order-chip";
    chip.textContent = candidate.name;
    chip.dataset.chip = candidate.name;
    const place = candidate.select.value ? `at place ${candidate.select.value}` : "not placed";
    chip.setAttribute("aria-label", `Answer ${candidate.name}, ${place}. Arrow keys move it, a number places it.`);
    chip.addEventListener("keydown", (event) => this.pressed(event, candidate));
    draggable(chip, this.tray, (target) => this.drop(candidate.name, target), candidate.name);
    return chip;
  }

  lineHandle(after) {
    const drawn = Boolean(this.line.value) || this.allBad.checked;
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "order-line";
    handle.dataset.lineHandle = "";
    handle.dataset.key = "l";
    handle.dataset.keyLabel = "Go to the line below which answers are not good enough";
    handle.toggleAttribute("data-drawn", drawn);
    handle.setAttribute("aria-label", "The line: what comes after it is not good enough. Arrow keys move it.");
    const words = document.createElement("span");
    words.textContent = drawn ? "not good enough" : "line";
    const key = document.createElement("kbd");
    key.textContent = "l";
    handle.append(words, key);
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.drawLine(Math.min(Math.max(after + step, 0), this.groups.length));
    });
    draggable(handle, this.tray, (target) => {
      const [kind, number] = target.split(":");
      if (kind !== "none") this.drawLine(Number(number) + (kind === "at" ? 1 : 0));
    }, "line");
    return handle;
  }
}

// --- Dragging, by mouse, pen or finger ----------------------------------------------------------------------

function draggable(handle, tray, dropped, words) {
  handle.addEventListener("pointerdown", (down) => {
    if (down.button) return;
    let ghost = null;
    const over = (event) => document.elementsFromPoint(event.clientX, event.clientY).find((each) => each.dataset?.drop && tray.contains(each));
    const mark = (target) => {
      for (const each of tray.querySelectorAll("[data-over]")) delete each.dataset.over;
      if (target) target.dataset.over = "";
    };
    const moved = (event) => {
      if (!ghost && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < 6) return;
      if (!ghost) {
        ghost = document.createElement("span");
        ghost.className = "order-ghost";
        ghost.textContent = words;
        document.body.append(ghost);
        tray.dataset.dragging = "";
      }
      ghost.style.left = `${event.clientX}px`;
      ghost.style.top = `${event.clientY}px`;
      mark(over(event));
    };
    const ended = (event) => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", ended);
      removeEventListener("pointercancel", ended);
      if (!ghost) return;
      ghost.remove();
      delete tray.dataset.dragging;
      const target = event.type === "pointerup" ? over(event) : null;
      mark(null);
      if (target) dropped(target.dataset.drop);
    };
    down.preventDefault(); // no text is selected on the way
    handle.focus?.({ preventScroll: true });
    addEventListener("pointermove", moved);
    addEventListener("pointerup", ended);
    addEventListener("pointercancel", ended);
  });
}

// --- Point by point -----------------------------------------------------------------------------------------

const OPEN = "aspects-open";

function aspects(form) {
  form.querySelector(".chips")?.addEventListener("focus", (event) => event.currentTarget.querySelector("input").focus());
  const fold = form.querySelector("[data-aspects]");
  if (!fold) return;
  const rows = [...fold.querySelectorAll("[data-aspect]")];
  const wide = matchMedia("(min-width: 52rem)").matches; // elsewhere it would cover what is to be read
  try { if (wide && localStorage.getItem(OPEN) === "yes") fold.open = true; } catch { /* closed, then */ }
  let known = fold.open;
  fold.addEventListener("toggle", () => {
    if (fold.open === known) return;
    known = fold.open;
    try { localStorage.setItem(OPEN, fold.open ? "yes" : "no"); } catch { /* holds for this page only */ }
    if (fold.open && !document.activeElement.closest("[data-aspect]")) into(rows[0]); // the event comes late
  });
  const into = (row) => (row.querySelector(":checked") || row.querySelector("input")).focus();
  fold.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-aspect]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const radio = row.querySelector(`input[value="${CSS.escape(event.key.toUpperCase())}"]`);
    if (!radio) return;
    event.preventDefault();
    radio.click();
    const next = rows[rows.indexOf(row) + 1];
    if (next) into(next);
    else form.querySelector('[name="choice"], [data-chip], [name="all_bad"]')?.focus();
  });
}

begin(document);
