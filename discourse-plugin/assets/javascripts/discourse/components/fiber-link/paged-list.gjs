import DButton from "discourse/ui-kit/d-button";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import FiberLinkFailureNote from "./failure-note";

// A list that comes page by page: the items, or that there are none, or why they could
// not be read, and a button for more.
/** @type {import("@ember/component/template-only").TOC<{ Element: HTMLDivElement, Args: { list: import("../../lib/fiber-link/paged-list").default, empty: string, label: string, loadMore: () => void, retry: () => void }, Blocks: { default: [item: any] } }>} */
const FiberLinkPagedList = <template>
  <div
    class="fiber-link-paged-list"
    aria-busy={{if @list.isLoading "true" "false"}}
    ...attributes
  >
    {{#if @list.isRead}}
      {{#if @list.isEmpty}}
        <p class="fiber-link-paged-list__empty">{{@empty}}</p>
      {{else}}
        <ul class="fiber-link-paged-list__items" aria-label={{@label}}>
          {{#each @list.items key="id" as |item|}}
            {{yield item}}
          {{/each}}
        </ul>
      {{/if}}
      {{#if @list.failure}}
        <FiberLinkFailureNote
          @failure={{@list.failure}}
          @isBusy={{@list.isLoading}}
          @retry={{@retry}}
        />
      {{else if @list.hasMore}}
        <DButton
          @action={{@loadMore}}
          @isLoading={{@list.isLoading}}
          @label="fiber_link.wallet.load_more"
          class="btn-default fiber-link-paged-list__more"
        />
      {{/if}}
    {{else if @list.failure}}
      <FiberLinkFailureNote
        @failure={{@list.failure}}
        @isBusy={{@list.isLoading}}
        @retry={{@retry}}
      />
    {{else}}
      <DConditionalLoadingSpinner @condition={{true}} />
    {{/if}}
  </div>
</template>;

export default FiberLinkPagedList;
