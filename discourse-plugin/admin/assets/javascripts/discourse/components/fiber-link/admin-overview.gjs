import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { action } from "@ember/object";
import DButton from "discourse/ui-kit/d-button";
import DConditionalLoadingSpinner from "discourse/ui-kit/d-conditional-loading-spinner";
import dFormatDate from "discourse/ui-kit/helpers/d-format-date";
import dIcon from "discourse/ui-kit/helpers/d-icon";
import { i18n } from "discourse-i18n";
import FiberLinkFailureNote from "discourse/plugins/fiber-link/discourse/components/fiber-link/failure-note";
import amountOfAsset from "discourse/plugins/fiber-link/discourse/lib/fiber-link/amount-of-asset";
import failureOf from "discourse/plugins/fiber-link/discourse/lib/fiber-link/failure-of";
import { findAdminOverview } from "discourse/plugins/fiber-link/discourse/lib/fiber-link/wallet-api";

const ERRORS = ["not_configured", "unreachable", "unauthorized", "bad_answer"];
// The server refuses what is signed more than 300 seconds off.
const CLOCK_SKEW_TO_MIND = 60;

/** @type {import("@ember/component/template-only").TOC<{ Args: { name: string, label: string }, Blocks: { default: [] } }>} */
const Fact = <template>
  <tr class="d-table__row" data-fact={{@name}}>
    <th class="d-table__cell --overview" scope="row">{{@label}}</th>
    <td class="d-table__cell --detail">{{yield}}</td>
  </tr>
</template>;

export default class FiberLinkAdminOverview extends Component {
  @tracked overview = null;
  @tracked isLoading = false;
  @tracked failure = null;

  constructor(owner, args) {
    super(owner, args);
    this.load();
  }

  get serviceIcon() {
    return this.overview.service.reachable
      ? "circle-check"
      : "triangle-exclamation";
  }

  get serviceWords() {
    const { reachable, error } = this.overview.service;
    if (reachable && !error) {
      return i18n("fiber_link.admin.overview.service_reachable");
    }
    return this.#errorWords(error);
  }

  get serviceAdvice() {
    const { error } = this.overview.service;
    return ERRORS.includes(error)
      ? i18n(`fiber_link.admin.overview.advice.${error}`)
      : null;
  }

  get syncErrorWords() {
    const error = this.overview.last_sync_error;
    return error ? this.#errorWords(error) : null;
  }

  get clockWords() {
    const seconds = this.overview.clock_skew_seconds;
    if (seconds === null || seconds === undefined) {
      return i18n("fiber_link.admin.overview.not_known");
    }
    return i18n("fiber_link.admin.overview.seconds", { count: seconds });
  }

  get isClockOff() {
    return Math.abs(this.overview.clock_skew_seconds ?? 0) > CLOCK_SKEW_TO_MIND;
  }

  @action
  async load() {
    this.isLoading = true;
    this.failure = null;
    try {
      this.overview = await findAdminOverview();
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.isLoading = false;
    }
  }

  #errorWords(error) {
    return i18n(
      `fiber_link.admin.overview.error.${ERRORS.includes(error) ? error : "unknown"}`
    );
  }

  <template>
    <div
      class="fiber-link-admin-overview admin-detail"
      aria-busy={{if this.isLoading "true" "false"}}
    >
      <div class="fiber-link-admin-overview__head">
        <h2>{{i18n "fiber_link.admin.overview.title"}}</h2>
        <DButton
          @action={{this.load}}
          @icon="arrows-rotate"
          @isLoading={{this.isLoading}}
          @label="fiber_link.admin.overview.refresh"
          class="btn-default fiber-link-admin-overview__refresh"
        />
      </div>

      {{#if this.failure}}
        <FiberLinkFailureNote @failure={{this.failure}} />
      {{/if}}

      {{#if this.overview}}
        <div
          class="fiber-link-admin-overview__service
            {{if this.overview.service.reachable '--good' '--bad'}}"
          role="status"
        >
          {{dIcon this.serviceIcon}}
          <div>
            <p
              class="fiber-link-admin-overview__service-words"
            >{{this.serviceWords}}</p>
            {{#if this.serviceAdvice}}
              <p
                class="fiber-link-admin-overview__advice"
              >{{this.serviceAdvice}}</p>
            {{/if}}
          </div>
        </div>

        <table class="d-table fiber-link-admin-overview__facts">
          <tbody class="d-table__body">
            <Fact
              @label={{i18n "fiber_link.admin.overview.url"}}
              @name="url"
            >{{#if this.overview.service.url}}<code
                >{{this.overview.service.url}}</code>{{else}}{{i18n
                  "fiber_link.admin.overview.not_set"
                }}{{/if}}</Fact>
            <Fact
              @label={{i18n "fiber_link.admin.overview.app_id"}}
              @name="app-id"
            >{{#if this.overview.app_id}}<code
                >{{this.overview.app_id}}</code>{{else}}{{i18n
                  "fiber_link.admin.overview.not_set"
                }}{{/if}}</Fact>
            <Fact
              @label={{i18n "fiber_link.admin.overview.clock_skew"}}
              @name="clock-skew"
            >
              {{this.clockWords}}
              {{#if this.isClockOff}}
                <span class="fiber-link-admin-overview__warning">{{dIcon
                    "triangle-exclamation"
                  }}
                  {{i18n "fiber_link.admin.overview.clock_off"}}</span>
              {{/if}}
            </Fact>
            <Fact
              @label={{i18n "fiber_link.admin.overview.last_sync"}}
              @name="last-sync"
            >
              {{#if this.overview.last_sync_at}}
                {{dFormatDate this.overview.last_sync_at leaveAgo="true"}}
              {{else}}
                {{i18n "fiber_link.admin.overview.never"}}
              {{/if}}
              {{#if this.syncErrorWords}}
                <span class="fiber-link-admin-overview__warning">{{dIcon
                    "triangle-exclamation"
                  }}
                  {{this.syncErrorWords}}</span>
              {{/if}}
            </Fact>
            {{#if this.overview.passed_over}}
              <Fact
                @label={{i18n "fiber_link.admin.overview.passed_over"}}
                @name="passed-over"
              >
                {{this.overview.passed_over}}
                <span class="fiber-link-admin-overview__warning">{{dIcon
                    "triangle-exclamation"
                  }}
                  {{i18n "fiber_link.admin.overview.passed_over_why"}}</span>
              </Fact>
            {{/if}}
            <Fact
              @label={{i18n "fiber_link.admin.overview.open_tips"}}
              @name="open-tips"
            >{{this.overview.open_tips}}</Fact>
            <Fact
              @label={{i18n "fiber_link.admin.overview.totals"}}
              @name="totals"
            >
              {{#if this.overview.totals.length}}
                <ul class="fiber-link-admin-overview__totals">
                  {{#each this.overview.totals key="asset" as |total|}}
                    <li>
                      {{amountOfAsset total.amount total.asset}}
                      {{i18n
                        "fiber_link.admin.overview.in_tips"
                        count=total.count
                      }}
                    </li>
                  {{/each}}
                </ul>
              {{else}}
                {{i18n "fiber_link.admin.overview.no_tips"}}
              {{/if}}
            </Fact>
            <Fact
              @label={{i18n "fiber_link.admin.overview.plugin_version"}}
              @name="plugin-version"
            >{{this.overview.plugin_version}}</Fact>
          </tbody>
        </table>
      {{else}}
        <DConditionalLoadingSpinner @condition={{this.isLoading}} />
      {{/if}}
    </div>
  </template>
}
