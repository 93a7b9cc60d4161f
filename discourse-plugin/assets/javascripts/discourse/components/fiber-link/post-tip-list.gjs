import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import { schedule } from "@ember/runloop";
import { modifier } from "ember-modifier";
import DButton from "discourse/ui-kit/d-button";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import dFormatDate from "discourse/ui-kit/helpers/d-format-date";
import { i18n } from "discourse-i18n";
import { findTipsOfPost } from "../../lib/fiber-link/api";

function amount({ amount: value, asset }) {
  return i18n("fiber_link.amount.of_asset", { amount: value, asset });
}

/** @extends {Component<{ Args: { postId: number, count: number } }>} */
export default class FiberLinkPostTipList extends Component {
  @tracked tips = null;
  @tracked next = null;
  @tracked error = null;
  @tracked isLoading = false;

  // Another tip has settled: the list begins anew.
  follow = modifier((element, [count]) => {
    if (this.shown !== count) {
      this.shown = count;
      schedule("afterRender", this, this.load, null);
    }
  });

  @action
  more() {
    return this.load(this.next);
  }

  @action
  retry() {
    return this.load(this.tips ? this.next : null);
  }

  async load(before) {
    if (this.isLoading && before) {
      return;
    }
    this.isLoading = true;
    this.error = null;
    try {
      const { tips, next } = await findTipsOfPost(this.args.postId, before);
      this.tips = before ? [...this.tips, ...tips] : tips;
      this.next = next;
    } catch (error) {
      if (!error.kind) {
        throw error;
      }
      this.error = error.words;
    } finally {
      this.isLoading = false;
    }
  }

  <template>
    <div class="fiber-link-post-tip-list" {{this.follow @count}}>
      {{#if this.tips}}
        <ol class="fiber-link-post-tip-list__tips">
          {{#each this.tips key="id" as |tip|}}
            <li class="fiber-link-post-tip-list__tip">
              <span class="fiber-link-post-tip-list__user">
                {{#if tip.user}}
                  <DUserLink @user={{tip.user}}>
                    {{dAvatar tip.user imageSize="small"}}
                    {{tip.user.username}}
                  </DUserLink>
                {{else}}
                  {{i18n "fiber_link.post.anonymous"}}
                {{/if}}
              </span>
              <span class="fiber-link-post-tip-list__amount">{{amount
                  tip
                }}</span>
              <span class="fiber-link-post-tip-list__time">{{dFormatDate
                  tip.settled_at
                  leaveAgo="true"
                }}</span>
              {{#if tip.message}}
                <q
                  class="fiber-link-post-tip-list__message"
                  dir="auto"
                >{{tip.message}}</q>
              {{/if}}
            </li>
          {{/each}}
        </ol>
      {{/if}}
      {{#if this.error}}
        <p class="fiber-link-post-tip-list__error" role="alert">{{this.error}}
          <DButton
            class="btn-small"
            @label="fiber_link.post.retry"
            @action={{this.retry}}
          /></p>
      {{else if this.next}}
        <DButton
          class="btn-small fiber-link-post-tip-list__more"
          @label="fiber_link.post.more"
          @action={{this.more}}
          @isLoading={{this.isLoading}}
        />
      {{/if}}
      <DConditionalLoadingSpinner @condition={{this.isLoading}} @size="small" />
    </div>
  </template>
}
