# frozen_string_literal: true

module FiberLink
  class WithdrawalsController < ApplicationController
    include TextParams

    requires_login

    KEY = /\A[!-~]{8,128}\z/

    def index
      limit("list", 60)
      render json: withdrawals.page(before: optional_text_param(:before))
    end

    def quote
      limit("quote", 60)
      render json: {
               quote: withdrawals.quote(asset: asset, amount: amount, destination: destination),
             }
    end

    def create
      limit("request", 10)
      key = text_param(:idempotency_key)
      raise Discourse::InvalidParameters.new(:idempotency_key) if !key.match?(KEY)

      terms = { asset: asset, amount: amount, fee: fee, destination: destination }
      raise ActionController::ParameterMissing, :amount if terms[:amount].nil?
      render json: { withdrawal: withdrawals.request(**terms, idempotency_key: key) }
    end

    private

    def withdrawals
      Withdrawals.new(current_user)
    end

    def limit(what, count)
      RateLimiter.new(current_user, "fiber-link-withdrawal-#{what}", count, 1.minute).performed!
    end

    def asset
      text_param(:asset)
    end

    # What people type is answered with words beside its field, all else with 400.
    def amount
      text = optional_text_param(:amount)
      text && (Amount.parse(text.strip) || refuse(:amount, "bad_amount"))
    end

    def destination
      text = text_param(:destination, limit: 2 * Destination::LIMIT)
      Destination.parse(text) || refuse(:destination, "bad_destination")
    end

    # Nobody types it. It may be zero.
    def fee
      text = text_param(:fee)
      raise Discourse::InvalidParameters.new(:fee) if !text.match?(Amount::PATTERN)
      BigDecimal(text)
    end

    def refuse(field, words)
      message = I18n.t("fiber_link.withdrawal.#{words}")
      raise Refused.new(:invalid, message, issues: [{ field: field.to_s, message: message }])
    end
  end
end
