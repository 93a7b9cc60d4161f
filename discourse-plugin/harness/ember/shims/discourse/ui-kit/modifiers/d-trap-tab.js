import { registerDestructor } from "@ember/destroyable";
import Modifier from "ember-modifier";

const FOCUSABLE =
  "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex='-1'])";

function focusable(element) {
  return [...element.querySelectorAll(FOCUSABLE)].filter(
    (one) => one.offsetParent !== null
  );
}

export default class DTrapTabModifier extends Modifier {
  modify(element, _, { autofocus = true, preventScroll = true }) {
    if (this.element) {
      return;
    }
    this.element = element;
    if (autofocus) {
      const first =
        element.querySelector("[autofocus]") ??
        focusable(element.querySelector(".d-modal__body") ?? element)[0] ??
        focusable(element)[0];
      first?.focus({ preventScroll });
    }
    const trap = (event) => this.trapTab(event);
    element.addEventListener("keydown", trap);
    registerDestructor(this, () =>
      element.removeEventListener("keydown", trap)
    );
  }

  trapTab(event) {
    if (event.key !== "Tab") {
      return;
    }
    const all = focusable(this.element);
    const [from, to] = event.shiftKey
      ? [all[0], all.at(-1)]
      : [all.at(-1), all[0]];
    if (document.activeElement === from) {
      event.preventDefault();
      to.focus();
    }
  }
}
