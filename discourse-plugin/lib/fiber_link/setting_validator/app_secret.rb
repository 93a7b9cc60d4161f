# frozen_string_literal: true

module FiberLink
  module SettingValidator
    class AppSecret < Base
      private

      def valid?(value)
        value.present? && value == value.strip
      end
    end
  end
end
