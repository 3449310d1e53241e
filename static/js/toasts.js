/* <toast-stack>: short messages at the edge of the page, each with at most one thing to do about it. */
class ToastStack extends HTMLElement {
  connectedCallback() {
    document.body.addEventListener("htmx:responseError", (event) => this.refuse(event.detail.xhr));
    document.body.addEventListener("htmx:sendError", () => this.show("The server does not answer. Nothing was changed.", { kind: "error" }));
  }

  refuse(xhr) {
    const plain = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    const text = plain ? xhr.responseText : `The server refused this (${xhr.status}).`;
    this.show(text, { kind: "error" });
  }

  /** Show `text`; `act` is {label, run}, `href` makes the text a link. It leaves by itself, unless it is being read. */
  show(text, { kind = "plain", href = "", act = null, seconds = 6 } = {}) {
    const toast = document.createElement("div");
    toast.className = `toast ${kind}`;
    const words = document.createElement(href ? "a" : "span");
    words.textContent = text;
    if (href) words.href = href;
    toast.append(words);
    if (act) {
      const button = document.createElement("button");
      button.className = "link";
      button.textContent = act.label;
      button.addEventListener("click", () => { toast.remove(); act.run(); });
      toast.append(button);
    }
    const close = document.createElement("button");
    close.className = "button icon";
    close.setAttribute("aria-label", "Close");
    close.textContent = "×";
    close.addEventListener("click", () => toast.remove());
    toast.append(close);
    this.append(toast);
    while (this.children.length > 4) this.firstElementChild.remove();
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : toast.remove());
    setTimeout(leave, seconds * 1000);
  }
}
customElements.define("toast-stack", ToastStack);
