import { render } from "@ember/test-helpers";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import FiberLinkTipModal from "discourse/plugins/fiber-link/discourse/components/modal/fiber-link-tip";
import FakeClock from "./fake-clock";
import { POST } from "./tips";

export const PRIMARY = ".d-modal__footer .btn-primary";
export const AMOUNT = ".fiber-link-tip-form__amount";
export const MESSAGE = ".fiber-link-tip-form__message";
export const ALERT = ".fiber-link-tip-form__alert";
export const TITLE = ".fiber-link-tip-status__title";
export const TEXT = ".fiber-link-tip-status__text";

export function button(label) {
  return [...document.querySelectorAll(".d-modal__footer button")].find(
    (one) => one.textContent.trim() === label
  );
}

/** `this.open()` shows the modal; how often it was closed is in `this.closed`. */
export function setupTipModal(hooks) {
  setupRenderingTest(hooks);

  hooks.beforeEach(function () {
    this.siteSettings.fiber_link_quick_amounts = "10|50|100";
    this.clock = new FakeClock();
    this.closed = 0;
    this.open = (post = POST) => {
      const model = { post, clock: this.clock };
      const close = () => this.closed++;
      return render(
        <template>
          <FiberLinkTipModal @model={{model}} @closeModal={{close}} />
        </template>
      );
    };
  });
}
