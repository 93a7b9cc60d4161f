import { i18n } from "discourse-i18n";

function words({ asset, amount }) {
  return i18n("fiber_link.amount.of_asset", { amount, asset });
}

/**
 * Amounts of several assets, one after the other.
 *
 * @type {import("@ember/component/template-only").TemplateOnlyComponent<{ Element: HTMLUListElement, Args: { amounts: any[] } }>}
 */
const FiberLinkAmounts = <template>
  <ul class="fiber-link-amounts" ...attributes>
    {{#each @amounts as |one|}}
      <li class="fiber-link-amounts__amount">{{words one}}</li>
    {{/each}}
  </ul>
</template>;

export default FiberLinkAmounts;
