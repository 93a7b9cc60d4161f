# frozen_string_literal: true

module FiberLink
  module SettingValidator
    # What Discourse asks of a setting's validator: whether a value is valid, and why not.
    class Base
      def initialize(_opts = {})
      end

      def valid_value?(value)
        valid?(value.to_s)
      end

      def error_message
        I18n.t("fiber_link.setting.#{self.class.name.demodulize.underscore}")
      end
    end
  end
end
