/* Fields of a form that do more than hold a value. Without scripts all of them are shown, and what is wrong is told when they are
   sent. */
const MOST_BYTES = 1_000_000;
const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));
const valueOf = (field) => (field.type === "checkbox" ? String(field.checked) : field.value);

/* <only-if data-field data-value>: what lies in it is there only while another field has this value. While it is not, blanks are
   sent in its stead, so that what a simulation has saved there does not count either. */
class OnlyIf extends HTMLElement {
  connectedCallback() {
    this.other = document.getElementById(this.dataset.field);
    this.other?.addEventListener("change", () => this.#follow());
    this.#follow();
  }

  #follow() {
    this.hidden = Boolean(this.other) && valueOf(this.other) !== this.dataset.value;
    this.querySelectorAll("input[type=hidden]").forEach((blank) => blank.remove());
    this.querySelectorAll("[name]").forEach((control) => {
      control.disabled = this.hidden;
      if (this.hidden) this.append(Object.assign(document.createElement("input"), { type: "hidden", name: control.name, value: "" }));
    });
  }
}
customElements.define("only-if", OnlyIf);

/* <choice-help data-field>: of the sentences in it, the one about what is chosen. */
class ChoiceHelp extends HTMLElement {
  connectedCallback() {
    this.choice = document.getElementById(this.dataset.field);
    this.choice.addEventListener("change", () => this.#follow());
    this.#follow();
  }

  #follow() { this.querySelectorAll("[data-value]").forEach((told) => { told.hidden = told.dataset.value !== this.choice.value; }); }
}
customElements.define("choice-help", ChoiceHelp);

/* <field-hint data-field data-placeholder>: swapped in, it gives the field its placeholder. */
class FieldHint extends HTMLElement {
  static observedAttributes = ["data-placeholder"];

  attributeChangedCallback(name, before, placeholder) {
    document.getElementById(this.dataset.field)?.setAttribute("placeholder", placeholder ?? "");
  }
}
customElements.define("field-hint", FieldHint);

/* <text-field>: a textarea that takes a file, chosen or dropped, and offers texts to start from while it is empty. With
   `data-named` on its file input it takes several, and holds a JSON object of their texts by name. */
class TextField extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    this.area.addEventListener("input", () => this.#offer());
    this.area.addEventListener("change", () => this.#offer());
    this.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; });
    const picker = this.querySelector("input[type=file]");
    this.isNamed = Boolean(picker?.matches("[data-named]"));
    if (picker) this.#takeFiles(picker);
    this.querySelector("[data-examples]")?.addEventListener("click", (event) => this.#begin(event));
    this.#offer();
  }

  #offer() {
    const examples = this.querySelector("[data-examples]");
    if (examples) examples.hidden = !["", "{}", "[]"].includes(this.area.value.trim());
  }

  #takeFiles(picker) {
    picker.addEventListener("change", (event) => {
      event.stopPropagation(); // the text that it becomes is the change
      this.#readAll([...picker.files]);
      picker.value = ""; // the same file may be chosen again
    });
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    this.area.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.area.classList.add("dropping");
    });
    for (const name of ["dragleave", "drop"]) this.area.addEventListener(name, () => this.area.classList.remove("dropping"));
    this.area.addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#readAll([...event.dataTransfer.files]);
    });
  }

  async #readAll(files) {
    if (!files.length) return;
    const texts = {};
    for (const file of files) {
      if (file.size > MOST_BYTES) { this.#refuse(`${file.name} has ${file.size.toLocaleString("en")} bytes: at most ${MOST_BYTES.toLocaleString("en")} fit here.`); return; }
      try {
        texts[file.name] = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
      } catch { this.#refuse(`${file.name} is not a text in UTF-8: save it as such, then choose it again.`); return; }
    }
    if (!this.isNamed) this.#put(Object.values(texts)[0]);
    else this.#put(JSON.stringify({ ...this.#held(), ...texts }, null, 2));
  }

  /* What a field of named texts holds already; what cannot be read makes room. */
  #held() { try { return JSON.parse(this.area.value || "{}"); } catch { return {}; } }

  async #begin(event) {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    const answer = await fetch(link.href);
    if (answer.ok) this.#put(await answer.text());
    this.area.focus();
  }

  #put(text) {
    this.#refuse("");
    this.area.value = text;
    changed(this.area);
  }

  #refuse(why) {
    const place = this.querySelector("[data-refused]");
    if (place) place.textContent = why;
  }
}
customElements.define("text-field", TextField);

/* "line 12" in an error leads to that line of the text. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-to-line]");
  const area = button && document.getElementById(button.dataset.field);
  if (!area) return;
  const lines = area.value.split("\n"), line = Math.min(Number(button.dataset.toLine), lines.length) - 1;
  const start = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start);
  area.scrollTop = (line - 3) * (area.scrollHeight / lines.length);
  area.scrollLeft = 0;
});

/* What a check found wrong is known to assistive technology, too. */
document.addEventListener("htmx:oobAfterSwap", () => {
  document.querySelectorAll(".field > .error[id]").forEach((error) => {
    const field = document.querySelector(`[aria-describedby~="${error.id}"]`);
    if (error.textContent) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  });
});
