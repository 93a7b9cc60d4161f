# frozen_string_literal: true

module FiberLink
  # A tip as the forum knows it: whose state follows the server's, and whose people and post follow
  # the forum's. `user` gave it, `payee` got it; either is null when the account is gone.
  class Tip < ActiveRecord::Base
    self.table_name = "fiber_link_tips"

    STATES = %w[open settled expired failed].freeze
    MESSAGE_LIMIT = 280
    # So long after its end an unpaid invoice is still waited for: clocks differ, payments linger.
    GRACE = 2.minutes

    belongs_to :user, optional: true
    belongs_to :payee, class_name: "User", optional: true
    belongs_to :post, -> { unscope(where: :deleted_at) }, optional: true
    belongs_to :topic, -> { unscope(where: :deleted_at) }, optional: true

    scope :settled, -> { where(state: "settled") }
    scope :unsettled, -> { where.not(state: "settled") }
    scope :still_open, -> { where(state: "open") }
    scope :payable, -> { still_open.where("expires_at > ?", Time.zone.now) }
    scope :awaited, -> { still_open.where("expires_at > ?", GRACE.ago) }
    scope :newest_settled, -> { settled.order(settled_at: :desc, id: :desc) }

    # The page after a tip of the same list, `newest_settled`.
    def self.settled_before(tip)
      where("(settled_at, fiber_link_tips.id) < (?, ?)", tip.settled_at, tip.id)
    end

    # An invoice that nobody asks about any more has expired by its own time; if it was paid after
    # all, the feed says so.
    def self.expire_forgotten
      still_open.where("expires_at < ?", 1.hour.ago).update_all(
        state: "expired",
        updated_at: Time.zone.now,
      )
    end

    def settled? = state == "settled"
    def open? = state == "open"
    def past? = expires_at.present? && expires_at.past?

    # What people are shown: past its time an invoice is not to be paid, whether or not the server
    # was asked already.
    def shown_state
      open? && past? ? "expired" : state
    end

    # Who may be named as having given it.
    def named_user
      anonymous ? nil : user
    end
  end
end

# == Schema Information
#
# Table name: fiber_link_tips
#
#  id         :bigint           not null, primary key
#  tip_id     :string(255)      not null
#  post_id    :bigint
#  topic_id   :bigint
#  user_id    :bigint
#  payee_id   :bigint
#  asset      :string(255)      not null
#  amount     :decimal(, )      not null
#  message    :text
#  anonymous  :boolean          default(FALSE), not null
#  state      :string(20)       default("open"), not null
#  invoice    :text
#  expires_at :datetime
#  settled_at :datetime
#  created_at :datetime         not null
#  updated_at :datetime         not null
#  idempotency_key :string(255)
#
# Indexes
#
#  index_fiber_link_tips_on_idempotency_key  (idempotency_key) WHERE (idempotency_key IS NOT NULL)
#  index_fiber_link_tips_on_payee_id_and_id  (payee_id,id)
#  index_fiber_link_tips_on_tip_id  (tip_id) UNIQUE
#  index_fiber_link_tips_on_user_id_and_id  (user_id,id)
#  index_fiber_link_tips_open_by_expiry  (expires_at) WHERE (state = 'open')
#  index_fiber_link_tips_open_by_user  (user_id,post_id,id) WHERE (state = 'open')
#  index_fiber_link_tips_settled_by_asset  (asset,settled_at) WHERE (state = 'settled')
#  index_fiber_link_tips_settled_by_payee_id  (payee_id,settled_at,id) WHERE (state = 'settled')
#  index_fiber_link_tips_settled_by_post_id  (post_id,settled_at,id) WHERE (state = 'settled')
#  index_fiber_link_tips_settled_by_settled_at  (settled_at) WHERE (state = 'settled')
#  index_fiber_link_tips_settled_by_topic_id  (topic_id,settled_at) WHERE (state = 'settled')
#
