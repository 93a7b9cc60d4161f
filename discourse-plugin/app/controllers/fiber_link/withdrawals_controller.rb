# frozen_string_literal: true

module FiberLink
  class WithdrawalsController < ApplicationController
    requires_login
    before_action :ensure_no_api_key, only: :create

    def index
      limit_requests("withdrawals", 60, 1.minute)
      before = text_param(:before) if params.key?(:before)
      render json: withdrawals.page(before: before)
    end

    def quote
      limit_requests("withdrawal-quote", 60, 1.minute)
      render json: {
               quote: withdrawals.quote(asset: asset, amount: amount, destination: destination),
             }
    end

    def create
      limit_requests("withdrawal", 10, 1.minute)
      terms = { asset: asset, amount: amount, fee: fee, destination: destination }
      raise Discourse::InvalidParameters.new(:amount) if terms[:amount].nil?
      key = idempotency_key(account)
      render json: { withdrawal: withdrawals.request(**terms, idempotency_key: key) }
    end

    private

    # A key for all users, made for some integration, would empty everybody's wallet if it leaked.
    def ensure_no_api_key
      raise Discourse::InvalidAccess if is_api? || is_user_api?
    end

    def withdrawals
      Withdrawals.new(account)
    end

    def asset
      text_param(:asset)
    end

    # What people type is answered with words beside its field, all else with 400.
    def amount
      text = text_param(:amount).strip if params[:amount].present?
      text && (Amount.parse(text) || refuse(:amount, "bad_amount"))
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
