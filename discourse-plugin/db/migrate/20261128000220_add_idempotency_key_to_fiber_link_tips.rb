# frozen_string_literal: true

# So that a repeat is answered with its tip, whatever has become of who may tip whom meanwhile.
class AddIdempotencyKeyToFiberLinkTips < ActiveRecord::Migration[7.2]
  def change
    add_column :fiber_link_tips, :idempotency_key, :string, limit: 255
    add_index :fiber_link_tips, :idempotency_key, where: "idempotency_key IS NOT NULL"
  end
end
