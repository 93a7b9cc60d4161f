# frozen_string_literal: true

module FiberLink
  # A tip for who gave it.
  class OwnTipSerializer < ::ApplicationSerializer
    attributes :id,
               :post_id,
               :state,
               :asset,
               :amount,
               :message,
               :anonymous,
               :invoice,
               :qr,
               :expires_at,
               :created_at,
               :settled_at

    def id = object.tip_id
    def state = object.shown_state
    def amount = Amount.format(object.amount)
    def qr = state == "open" ? QrCode.of(object.invoice) : nil
  end
end
