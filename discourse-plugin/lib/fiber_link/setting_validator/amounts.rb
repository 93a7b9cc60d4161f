# frozen_string_literal: true

module FiberLink
  module SettingValidator
    class Amounts < Base
      private

      def valid?(value)
        amounts = value.split("|")
        amounts.size.between?(1, 6) && amounts.uniq.size == amounts.size &&
          amounts.all? { |amount| Amount.parse(amount) }
      end
    end
  end
end
