import amountOfAsset from "../../lib/fiber-link/amount-of-asset";

/**
 * Amounts of several assets, one after the other.
 *
 * @type {import("@ember/component/template-only").TemplateOnlyComponent<{ Element: HTMLUListElement, Args: { amounts: any[] } }>}
 */
const FiberLinkAmounts = <template>
  <ul class="fiber-link-amounts" ...attributes>
    {{#each @amounts as |one|}}
      <li class="fiber-link-amounts__amount">{{amountOfAsset
          one.amount
          one.asset
        }}</li>
    {{/each}}
  </ul>
</template>;

export default FiberLinkAmounts;
