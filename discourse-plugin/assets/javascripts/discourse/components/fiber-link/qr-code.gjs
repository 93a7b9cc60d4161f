import Component from "@glimmer/component";
import { i18n } from "discourse-i18n";
import { qrDrawing } from "../../lib/fiber-link/invoice";

/**
 * Dark on light in every palette: that is what cameras look for.
 *
 * @extends {Component<{ Args: { qr: any } }>}
 */
export default class FiberLinkQrCode extends Component {
  get drawing() {
    return qrDrawing(this.args.qr);
  }

  <template>
    {{#if this.drawing}}
      <svg
        class="fiber-link-qr-code"
        viewBox={{this.drawing.viewBox}}
        role="img"
        aria-label={{i18n "fiber_link.tip.invoice.qr"}}
        shape-rendering="crispEdges"
      >
        <rect
          class="fiber-link-qr-code__light"
          x="-4"
          y="-4"
          width={{this.drawing.side}}
          height={{this.drawing.side}}
        />
        <path class="fiber-link-qr-code__dark" d={{this.drawing.path}} />
      </svg>
    {{/if}}
  </template>
}
