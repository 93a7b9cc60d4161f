import Component from "@glimmer/component";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import takeFocus from "../../lib/fiber-link/take-focus";
import { TIP_STATES } from "../../lib/fiber-link/tip-state";
import FiberLinkAmounts from "./amounts";

function statusClass(state) {
  return `fiber-link-tip-status --${TIP_STATES[state].tone}`;
}

function icon(state) {
  return TIP_STATES[state].icon;
}

/**
 * What has become of a tip, in its own words. What was focused may be gone by now; then
 * the reader goes on from here.
 *
 * @extends {Component<{ Args: { state: string, amounts: any[] } }>}
 */
export default class FiberLinkTipStatus extends Component {
  get title() {
    return i18n(`fiber_link.tip.states.${this.args.state}.title`);
  }

  get text() {
    return i18n(`fiber_link.tip.states.${this.args.state}.text`);
  }

  <template>
    <div class={{statusClass @state}}>
      <h2
        class="fiber-link-tip-status__title"
        tabindex="-1"
        {{takeFocus}}
      >{{dIcon (icon @state)}} {{this.title}}</h2>
      {{#if @amounts}}
        <FiberLinkAmounts
          class="fiber-link-tip-status__amount"
          @amounts={{@amounts}}
        />
      {{/if}}
      <p class="fiber-link-tip-status__text">{{this.text}}</p>
    </div>
  </template>
}
