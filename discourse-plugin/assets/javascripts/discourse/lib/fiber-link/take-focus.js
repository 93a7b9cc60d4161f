import { schedule } from "@ember/runloop";
import { modifier } from "ember-modifier";

// Nowhere, or where a modal puts the focus while it has nothing else.
function isFree(element) {
  return (
    !element ||
    element === document.body ||
    Boolean(element.closest(".d-modal__header")) ||
    element.matches(".d-modal, .d-modal__body")
  );
}

/** Gives the focus to an element, unless somebody is elsewhere by now. */
export function focusIfFree(/** @type {HTMLElement | null} */ element) {
  if (element?.isConnected && isFree(document.activeElement)) {
    element.focus();
  }
}

/** Does so once the element has come. */
export default modifier((/** @type {HTMLElement} */ element) => {
  schedule("afterRender", () => focusIfFree(element));
});
