import Component from "@glimmer/component";
import { on } from "@ember/modifier";
import { action } from "@ember/object";
import dUniqueId from "discourse/ui-kit/helpers/d-unique-id";
import { i18n } from "discourse-i18n";
import FiberLinkCopyButton from "./copy-button";
import FiberLinkCountdown from "./countdown";
import FiberLinkQrCode from "./qr-code";

/** @extends {Component<{ Args: { tip: any, clock?: any } }>} */
export default class FiberLinkTipInvoice extends Component {
  invoiceId = dUniqueId();

  @action
  select() {
    /** @type {HTMLInputElement} */
    const input = document.querySelector(`#${this.invoiceId}`);
    input?.select();
  }

  <template>
    <div class="fiber-link-tip-invoice">
      <FiberLinkQrCode @qr={{@tip.qr}} />
      <FiberLinkCountdown @until={{@tip.expires_at}} @clock={{@clock}} />
      <div class="fiber-link-tip-invoice__text">
        <label
          class="fiber-link-tip-invoice__label"
          for={{this.invoiceId}}
        >{{i18n "fiber_link.tip.invoice.invoice"}}</label>
        <input
          type="text"
          readonly
          class="fiber-link-tip-invoice__input"
          id={{this.invoiceId}}
          value={{@tip.invoice}}
          {{on "focus" this.select}}
        />
        <FiberLinkCopyButton
          @value={{@tip.invoice}}
          @onRefused={{this.select}}
        />
      </div>
    </div>
  </template>
}
