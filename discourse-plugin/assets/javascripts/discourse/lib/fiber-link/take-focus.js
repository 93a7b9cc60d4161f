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

/** Gives the focus to an element that has come, unless somebody is elsewhere by now. */
export default modifier((/** @type {HTMLElement} */ element) => {
  schedule("afterRender", () => {
    if (element.isConnected && isFree(document.activeElement)) {
      element.focus();
    }
  });
});
