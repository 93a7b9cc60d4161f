import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import DButton from "discourse/ui-kit/d-button";
import DUserLink from "discourse/ui-kit/d-user-link";
import dAvatar from "discourse/ui-kit/helpers/d-avatar";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import FiberLinkAmounts from "./amounts";
import FiberLinkPostTipList from "./post-tip-list";

/** @extends {Component<{ Args: { outletArgs: { post: any } } }>} */
export default class FiberLinkPostTips extends Component {
  @tracked isOpen = false;

  get post() {
    return this.args.outletArgs.post;
  }

  get tips() {
    return this.post.fiber_link_tips;
  }

  get listId() {
    return `fiber-link-tips-of-${this.post.id}`;
  }

  get users() {
    return this.tips.users ?? [];
  }

  @action
  toggle() {
    this.isOpen = !this.isOpen;
  }

  <template>
    {{#if this.tips.count}}
      <div
        class="fiber-link-post-tips"
        role="group"
        aria-label={{i18n "fiber_link.post.tips"}}
      >
        <div class="fiber-link-post-tips__summary">
          <span class="fiber-link-post-tips__icon">{{dIcon "bolt"}}</span>
          <FiberLinkAmounts
            class="fiber-link-post-tips__totals"
            @amounts={{this.tips.totals}}
          />
          <span class="fiber-link-post-tips__count">{{i18n
              "fiber_link.post.count"
              count=this.tips.count
            }}</span>
          {{#if this.users}}
            <ul
              class="fiber-link-post-tips__users"
              aria-label={{i18n "fiber_link.post.newest_tippers"}}
            >
              {{#each this.users key="id" as |user|}}
                <li>
                  <DUserLink @user={{user}}>{{dAvatar
                      user
                      imageSize="small"
                    }}</DUserLink>
                </li>
              {{/each}}
            </ul>
          {{/if}}
          <DButton
            class="btn-small btn-transparent fiber-link-post-tips__toggle"
            @label={{if
              this.isOpen
              "fiber_link.post.hide_all"
              "fiber_link.post.show_all"
            }}
            @icon={{if this.isOpen "chevron-up" "chevron-down"}}
            @action={{this.toggle}}
            @ariaExpanded={{this.isOpen}}
            @ariaControls={{if this.isOpen this.listId}}
          />
        </div>
        {{#if this.isOpen}}
          <div id={{this.listId}}>
            <FiberLinkPostTipList
              @postId={{this.post.id}}
              @count={{this.tips.count}}
            />
          </div>
        {{/if}}
      </div>
    {{/if}}
  </template>
}
