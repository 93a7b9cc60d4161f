import { i18n } from "discourse-i18n";

const DConditionalLoadingSpinner = <template>
  <div
    class="loading-container {{if @condition 'visible'}}"
    aria-busy={{if @condition "true"}}
    ...attributes
  >
    {{#if @condition}}
      <div class="spinner {{@size}}"><span class="sr-only">{{i18n
            "loading"
          }}</span></div>
    {{else}}
      {{yield}}
    {{/if}}
  </div>
</template>;

export default DConditionalLoadingSpinner;
